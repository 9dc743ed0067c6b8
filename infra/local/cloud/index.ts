import { createWriteStream, mkdirSync, rmSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JSONWebKeySet } from 'jose'
import { type Dynamo, openDynamo } from '../dynamodb/index.ts'
import { seedNastiness } from '../dynamodb/nastiness.ts'
import type { Item, TableDefinition } from '../dynamodb/tables.ts'
import { type LocalRoutes, startGateway } from './api-gateway.ts'
import { type AwsServices, type SentMail, startAwsEndpoint } from './aws-endpoint.ts'
import { deployCustomResources } from './custom-resources.ts'
import { openEventBuses } from './event-buses.ts'
import { type Functions, openFunctions } from './functions.ts'
import { readPermissions } from './permissions.ts'
import { openQueues } from './queues.ts'
import { openSchedules } from './schedules.ts'
import { readStack, type Stack } from './template.ts'

export interface CloudOptions {
  template: object
  /** The cloud assembly's directory, with the unpacked bundles. */
  assetDir: string
  parameters: Record<string, string>
  /** Texts of the secrets by name. */
  secrets: Record<string, string>
  dataDir: string
  /** 0 = a free one. */
  port: number
  /** The stack's name; default `llavero`. */
  stack?: string
  /** Public keys of the issuer that the authorizer trusts. */
  keys: JSONWebKeySet
  localRoutes?: LocalRoutes
  /** Misfortunes by chance, for each call and message; default: one in a hundred. */
  nastiness?: { seed: number; rate: number }
}

export type Cloud = Awaited<ReturnType<typeof startCloud>>

const TURN_MS = 15

/** Runs a synthesized template on this machine; a killed process finds its items again at the next start. */
export const startCloud = async (options: CloudOptions) => {
  const opened = new AsyncDisposableStack()
  try {
    return await openCloud(options, opened)
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

const openCloud = async (options: CloudOptions, opened: AsyncDisposableStack) => {
  const keep = <T extends { close(): unknown }>(thing: T): T =>
    opened.adopt(thing, async each => {
      await each.close()
    })
  mkdirSync(options.dataDir, { recursive: true })
  const inData = (name: string) => join(options.dataDir, name)
  const nastiness = seedNastiness(options.nastiness ?? { seed: 1, rate: 0.01 })
  const moved = new BigInt64Array(new SharedArrayBuffer(8))
  const now = (): number => Date.now() + Number(Atomics.load(moved, 0))
  const [functionLog, accessLog] = ['functions.log', 'access.log'].map(name =>
    keep(createWriteStream(inData(name), { flags: 'a' })),
  ) as [WriteStream, WriteStream]

  // The queues' URLs stand in the template, so the endpoint must be there before it is read.
  const services: Partial<AwsServices> & { dynamo?: Dynamo } = { nastiness }
  const aws = keep(await startAwsEndpoint(services as AwsServices))
  const stack = readStack({ stack: 'llavero', ...options, endpoint: aws.url })
  const permissions = readPermissions(stack)
  const dynamo = keep(await openDynamo({ tables: tablesOf(stack), path: inData('dynamodb'), nastiness }))
  const functions = keep(openFunctions(stack, aws.url, moved.buffer, functionLog))

  let gate: Promise<void> = Promise.resolve()
  let era = 0
  const invoke: Functions['invoke'] = async (name, event) => {
    await gate
    return functions.invoke(name, event)
  }
  /** A message that was taken before a restore rings for nobody after it. */
  const deliver: Functions['invoke'] = (name, event) => {
    const asked = era
    return gate.then(() => (era === asked ? functions.invoke(name, event) : null))
  }
  const queues = openQueues(stack, { ...functions, invoke: deliver }, permissions, nastiness, now)
  /** In memory, like messages: they die with the process. */
  const mails: SentMail[] = []
  const secrets = secretsOf(stack, options.secrets)
  Object.assign(services, {
    dynamo,
    sendMessage: queues.send,
    queueArn: queues.arnOf,
    queueDepth: queues.depthOf,
    sendMail: mail => {
      mails.push({ ...mail, at: new Date(now()).toISOString() })
      return `laptop-${mails.length}`
    },
    secret: id => secrets.find(secret => secret.name === id || secret.arn === id),
    authorise: permissions.authorise,
  } satisfies AwsServices)

  const deployed = inData('custom-resources.json')
  await deployCustomResources(stack, invoke, deployed)
  const schedules = keep(openSchedules(stack, invoke, now))
  const { port, localRoutes, keys } = options
  const gateway = keep(await startGateway({ stack, invoke, now, accessLog, port, localRoutes, keys }))

  const settle = async (...counts: (() => number)[]): Promise<void> => {
    while (counts.some(count => count() > 0)) await sleep(TURN_MS)
  }
  /** Waits for what runs, empties the queues, replaces every item; `meanwhile` is done before anything else runs. */
  const restore = async (
    snapshot: Record<string, Item[]>,
    meanwhile?: () => Promise<void>,
  ): Promise<void> => {
    const reopened = Promise.withResolvers<void>()
    gate = reopened.promise
    try {
      await settle(functions.running)
      queues.empty()
      mails.length = 0
      era++
      await dynamo.restore(snapshot)
      await meanwhile?.()
      schedules.restart()
    } finally {
      reopened.resolve()
    }
  }

  return {
    port: gateway.port,
    endpoint: aws.url,
    /** Functions by their short names, as `sweep-due`. */
    invoke,
    schedules: schedules.names,
    /** Answers what the function returned. */
    runSchedule: schedules.run,
    putEvent: openEventBuses(stack, invoke),
    clock: {
      now,
      /** Moves the functions' clock; each schedule passed fires once, and is waited for. */
      set: (ms: number): Promise<void> => {
        const back = ms < now()
        Atomics.store(moved, 0, BigInt(Math.round(ms - Date.now())))
        if (back) schedules.restart()
        return schedules.tick()
      },
      /** Real time again. */
      reset: (): void => {
        Atomics.store(moved, 0, 0n)
        schedules.restart()
      },
    },
    pending: () => ({ inFlight: functions.running(), queued: queues.queued() }),
    /** Resolves when nothing runs and no queue holds a message. */
    quiet: () => settle(functions.running, queues.queued),
    /** As an operator would write one; null: as at the start. False: there is none of that name. */
    putSecret: (name: string, text: string | null): boolean => {
      const secret = secrets.find(one => one.name === name)
      if (secret) secret.text = text ?? options.secrets[name] ?? ''
      return secret !== undefined
    },
    snapshot: dynamo.snapshot,
    restore,
    /** Deploys once more onto what is there: into emptied tables, as on the first day. */
    redeploy: () => {
      rmSync(deployed, { force: true })
      return deployCustomResources(stack, invoke, deployed)
    },
    /** Bugs, of the product or of this copy: what was refused, and how functions failed. */
    faults: () => [...aws.faults(), ...functions.failures()],
    permissions: permissions.list,
    consumed: dynamo.consumed,
    deadLetters: queues.deadLetters,
    mails: () => [...mails],
    /** What stands in the template and does nothing here, and why. */
    inert: stack.inert,
    close: () => opened.disposeAsync(),
  }
}

const tablesOf = (stack: Stack): TableDefinition[] =>
  stack.of<TableDefinition>('AWS::DynamoDB::GlobalTable').map(({ id, properties }) => {
    const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes } = properties
    return { TableName: id, KeySchema, AttributeDefinitions, GlobalSecondaryIndexes }
  })

const secretsOf = (stack: Stack, texts: Record<string, string>) =>
  stack.of<{ Name: string }>('AWS::SecretsManager::Secret').map(({ id, properties: { Name } }) => {
    const text = texts[Name]
    if (text === undefined) throw new Error(`The secret ${Name} has no text`)
    return { arn: stack.arn(id), name: Name, text }
  })

import { randomUUID } from 'node:crypto'
import type { Writable } from 'node:stream'
import { Worker } from 'node:worker_threads'
import { ACCOUNT, REGION } from './aws-endpoint.ts'
import type { Stack } from './template.ts'

/** A function that failed: its error's name and message, or how it was stopped. */
export class FunctionFailure extends Error {}

export interface Functions {
  names: string[]
  /** Runs a function once, in the first free worker; throws `FunctionFailure`. */
  invoke(name: string, event: unknown): Promise<unknown>
  /** Most runs of it at the same time. */
  limit(name: string): number
  /** Runs under way, and those that wait for a worker. */
  running(): number
  close(): Promise<void>
}

interface Definition {
  Code: { S3Key: string }
  Environment?: { Variables: Record<string, string> }
  FunctionName: string
  Handler: string
  MemorySize: number
  ReservedConcurrentExecutions?: number
  Runtime: string
  /** Seconds. */
  Timeout: number
}

interface Pool {
  idle: Worker[]
  size: number
  waiting: ((worker: Worker | undefined) => void)[]
}

/** More workers than this for one function only cost memory: two cores are all the laptop is sure to have. */
const MOST_WORKERS = 3
const SPARE_LIFE_MS = 20_000
const LONGEST_QUEUE = 1_000

/**
 * Every function in workers of its own, started when first needed and kept warm, each with the environment the template
 * gives it and nothing else. `offset` holds the milliseconds by which their clock is moved.
 */
export const openFunctions = (
  stack: Stack,
  endpoint: string,
  offset: SharedArrayBuffer,
  log: Writable,
): Functions => {
  const definitions = new Map(
    stack.of<Definition>('AWS::Lambda::Function').map(({ properties }) => {
      if (properties.Runtime !== 'nodejs24.x')
        throw new Error(`The runtime ${properties.Runtime} is not honoured`)
      return [stack.nameOf(properties.FunctionName), properties] as const
    }),
  )
  const pools = new Map<string, Pool>(
    [...definitions.keys()].map(name => [name, { idle: [], size: 0, waiting: [] }]),
  )
  const workers = new Set<Worker>()
  let running = 0

  const start = (name: string, definition: Definition, pool: Pool): Worker => {
    const directory = stack.asset(definition.Code)
    const worker = new Worker(new URL('./function-worker.ts', import.meta.url), {
      name,
      workerData: { directory, handler: definition.Handler, offset, memory: definition.MemorySize },
      stdout: true,
      stderr: true,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 16 },
      env: {
        ...definition.Environment?.Variables,
        AWS_ACCESS_KEY_ID: name,
        AWS_SECRET_ACCESS_KEY: 'laptop',
        AWS_REGION: REGION,
        AWS_ENDPOINT_URL: endpoint,
        AWS_LAMBDA_FUNCTION_NAME: definition.FunctionName,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.MemorySize),
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        LAMBDA_TASK_ROOT: directory,
        TZ: ':UTC',
      },
    })
    for (const output of [worker.stdout, worker.stderr]) output.on('data', text => void log.write(text))
    worker.setMaxListeners(0)
    workers.add(worker)
    pool.size++
    worker.on('error', () => undefined)
    worker.once('exit', () => {
      workers.delete(worker)
      pool.size--
      pool.idle = pool.idle.filter(each => each !== worker)
      pool.waiting.shift()?.(undefined)
    })
    return worker
  }

  const take = async (name: string, definition: Definition, pool: Pool): Promise<Worker> => {
    const free = pool.idle.pop()
    if (free) return free
    if (pool.size < limit(name)) return start(name, definition, pool)
    if (pool.waiting.length >= LONGEST_QUEUE) throw new FunctionFailure(`${name}: Rate Exceeded`)
    const { promise, resolve } = Promise.withResolvers<Worker | undefined>()
    pool.waiting.push(resolve)
    return (await promise) ?? take(name, definition, pool)
  }

  const release = (worker: Worker, pool: Pool): void => {
    if (!workers.has(worker)) return
    const next = pool.waiting.shift()
    if (next) next(worker)
    else pool.idle.push(worker)
    setTimeout(() => {
      if (pool.idle.length > 1 && pool.idle[0] === worker) void pool.idle.shift()?.terminate()
    }, SPARE_LIFE_MS).unref()
  }

  const run = (worker: Worker, name: string, { Timeout }: Definition, event: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = randomUUID()
      const fail = (message: string) => finish(() => reject(new FunctionFailure(`${name}: ${message}`)))
      const finish = (settle: () => void): void => {
        clearTimeout(timer)
        worker.off('message', heard).off('exit', ended).off('error', broke)
        settle()
      }
      const heard = (answer: { id: string; value?: unknown; failure?: string }): void => {
        if (answer.id !== id) return
        if (answer.failure === undefined) finish(() => resolve(answer.value))
        else fail(answer.failure)
      }
      const broke = (error: Error): void => fail(`the worker broke: ${error.message}`)
      const ended = (code: number): void => fail(`the worker ended with ${code}`)
      const timer = setTimeout(() => {
        void worker.terminate()
        workers.delete(worker)
        fail(`Task timed out after ${Timeout} seconds`)
      }, Timeout * 1000)
      worker.on('message', heard).on('exit', ended).on('error', broke)
      const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`
      worker.postMessage({ id, event: JSON.stringify(event), arn, timeoutMs: Timeout * 1000 })
    })

  const limit = (name: string): number =>
    Math.min(MOST_WORKERS, definitions.get(name)?.ReservedConcurrentExecutions ?? MOST_WORKERS)

  return {
    names: [...definitions.keys()],
    limit,
    running: () => running,
    invoke: async (name, event) => {
      const [definition, pool] = [definitions.get(name), pools.get(name)]
      if (!definition || !pool) throw new Error(`There is no function ${name}`)
      running++
      try {
        const worker = await take(name, definition, pool)
        try {
          return await run(worker, name, definition, event)
        } finally {
          release(worker, pool)
        }
      } finally {
        running--
      }
    },
    close: async () => {
      await Promise.all([...workers].map(worker => worker.terminate()))
    },
  }
}

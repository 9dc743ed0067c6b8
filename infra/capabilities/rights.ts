import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import type { TargetId } from '../../schemas/settings.ts'
import type { AppFunction } from './function.ts'
import { type Grants, grants } from './grants.ts'

export interface Doorbells {
  readonly normal: IQueue
  readonly urgent: IQueue
}

export interface Possessions {
  readonly state: TableV2
  readonly ledger: TableV2
  readonly doors: TableV2
  readonly doorbells: ReadonlyMap<TargetId, Doorbells>
  readonly secrets: ReadonlyMap<TargetId, ISecret>
  /** The paths by which the devices of a site may come; undefined: there are no such devices. */
  readonly sites: ISecret | undefined
  readonly mails: Mails
  /** The key under which one-time codes are kept. */
  readonly codes: ISecret
}

/** The queue of the mails that are to be sent, and who they come from. */
export interface Mails {
  readonly bell: IQueue
  /** ARN of the identity that the body has proven to the mail service. */
  readonly identity: string
  readonly from: string
  /** The key of the calls to the help desk's program; undefined: the settings name none. */
  readonly webhook: ISecret | undefined
}

/** What Lambda does on a function's behalf to give it a queue's messages. */
const answering = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage']

/**
 * Gives every function what `grants.ts` says, and in its environment the names: both tables for whoever touches one (the
 * stores are opened as a pair), and the queues it may ring, no others.
 */
export function grantRights(functions: readonly AppFunction[], possessions: Possessions): void {
  for (const each of functions) {
    const granted: Grants = grants[each.name]
    grantTable(each, possessions.state, granted.state)
    grantTable(each, possessions.ledger, granted.ledger)
    if (granted.state || granted.ledger) {
      each.lambda.addEnvironment('STATE_TABLE', possessions.state.tableName)
      each.lambda.addEnvironment('LEDGER_TABLE', possessions.ledger.tableName)
    }
    grantTable(each, possessions.doors, granted.doors)
    if (granted.doors) each.lambda.addEnvironment('DOORS_TABLE', possessions.doors.tableName)
    for (const target of granted.rings ?? []) {
      const bells = possessions.doorbells.get(target)
      if (!bells) continue
      each.allow(['sqs:SendMessage'], [bells.normal.queueArn, bells.urgent.queueArn])
      const name = `QUEUE_${target.toUpperCase().replaceAll('-', '_')}`
      each.lambda.addEnvironment(name, bells.normal.queueUrl)
      each.lambda.addEnvironment(`${name}_URGENT`, bells.urgent.queueUrl)
    }
    if (granted.mails === 'rings') {
      each.allow(['sqs:SendMessage'], [possessions.mails.bell.queueArn])
      each.lambda.addEnvironment('QUEUE_NOTICES', possessions.mails.bell.queueUrl)
    }
    if (granted.mails === 'sends') {
      each.allow(answering, [possessions.mails.bell.queueArn])
      each.allow(['ses:SendEmail'], [possessions.mails.identity], {
        StringEquals: { 'ses:FromAddress': possessions.mails.from },
      })
    }
    if (granted.calls && possessions.mails.webhook)
      each.allow(['secretsmanager:GetSecretValue'], [possessions.mails.webhook.secretArn])
    for (const target of granted.counts ?? []) {
      const bells = possessions.doorbells.get(target)
      if (bells) each.allow(['sqs:GetQueueAttributes'], [bells.normal.queueArn, bells.urgent.queueArn])
    }
    if (granted.serves) {
      const bells = possessions.doorbells.get(granted.serves)
      const secret = possessions.secrets.get(granted.serves)
      if (!bells) throw new Error(`${each.name} serves ${granted.serves}, which is not in the settings`)
      each.allow(answering, [bells.normal.queueArn, bells.urgent.queueArn])
      // A target that only people can enter has none.
      if (secret) each.allow(['secretsmanager:GetSecretValue'], [secret.secretArn])
    }
    if (granted.enters) {
      const secret = possessions.secrets.get(granted.enters)
      if (!secret) throw new Error(`${each.name} enters ${granted.enters}, which is not in the settings`)
      each.allow(['secretsmanager:GetSecretValue'], [secret.secretArn])
    }
    if (granted.admits && possessions.sites)
      each.allow(['secretsmanager:GetSecretValue'], [possessions.sites.secretArn])
    if (granted.codes) each.allow(['secretsmanager:GetSecretValue'], [possessions.codes.secretArn])
  }
}

function grantTable(
  each: AppFunction,
  table: TableV2,
  granted: { readonly actions: readonly string[]; readonly indexes?: readonly string[] } | undefined,
): void {
  if (!granted) return
  each.allow(
    granted.actions.map(action => `dynamodb:${action}`),
    [table.tableArn],
  )
  if (granted.indexes)
    each.allow(
      ['dynamodb:Query'],
      granted.indexes.map(index => `${table.tableArn}/index/${index}`),
    )
}

import {
  type Attribute,
  AttributeType,
  Billing,
  type CfnGlobalTable,
  type GlobalSecondaryIndexPropsV2,
  ProjectionType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb'
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { Alarms, Failure } from './alarms.ts'

export interface DurableTableProps {
  readonly partitionKey: Attribute
  readonly sortKey: Attribute
  readonly indexes: GlobalSecondaryIndexPropsV2[]
  /** Data operations (without the prefix) that the table itself denies to everybody, whatever their own policies say. */
  readonly deniedToEverybody: readonly string[]
  /** The attribute, in seconds since 1970, after which an item goes by itself, within two days. */
  readonly timeToLive?: string
  readonly alarms: Alarms
  readonly failure: Failure
}

const text = (name: string) => ({ name, type: AttributeType.STRING })

/**
 * How a table is keyed whose rows fall due and stand in lists. Nobody pages through everybody's data (R21), and every write is
 * one of the conditional ones the product makes.
 *
 * @param beside attributes that whoever asks what is due is told at once
 */
export const dueAndListed = (...beside: string[]) => ({
  partitionKey: text('pk'),
  sortKey: text('sk'),
  indexes: [
    {
      indexName: 'due',
      partitionKey: text('dueShard'),
      sortKey: text('dueAt'),
      ...(beside.length === 0
        ? { projectionType: ProjectionType.KEYS_ONLY }
        : { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: beside }),
    },
    {
      indexName: 'list',
      partitionKey: text('listKey'),
      sortKey: text('listSort'),
      projectionType: ProjectionType.KEYS_ONLY,
    },
  ],
  deniedToEverybody: [
    'BatchWriteItem',
    'PartiQLDelete',
    'PartiQLInsert',
    'PartiQLSelect',
    'PartiQLUpdate',
    'Scan',
  ],
})

/**
 * A table that outlives everything: point-in-time recovery, deletion protection, RETAIN, and a key of its own that
 * rotates. On demand: the worst hour of the year (31 December) needs no plan.
 */
export class DurableTable extends Construct {
  readonly table: TableV2

  constructor(scope: Construct, id: string, props: DurableTableProps) {
    super(scope, id)
    const key = new Key(this, 'Key', {
      description: `Encrypts the ${id} table.`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    // As with AWS's own key for DynamoDB: whoever this account lets into the table is let in by the key, and only
    // through DynamoDB. So no function holds a right to the key itself.
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions: [
          'kms:CreateGrant',
          'kms:Decrypt',
          'kms:DescribeKey',
          'kms:Encrypt',
          'kms:GenerateDataKey*',
          'kms:ReEncrypt*',
        ],
        resources: ['*'],
        conditions: {
          StringEquals: {
            'kms:CallerAccount': Aws.ACCOUNT_ID,
            'kms:ViaService': `dynamodb.${Aws.REGION}.amazonaws.com`,
          },
        },
      }),
    )

    this.table = new TableV2(this, 'Table', {
      partitionKey: props.partitionKey,
      sortKey: props.sortKey,
      globalSecondaryIndexes: props.indexes,
      ...(props.timeToLive !== undefined && { timeToLiveAttribute: props.timeToLive }),
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: 35 },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    // `customerManagedKey` refuses a stack that does not know its region, and this one is made for any.
    const global = this.table.node.defaultChild as CfnGlobalTable
    global.addPropertyOverride('Replicas.0.SSESpecification.KMSMasterKeyId', key.keyArn)
    this.table.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: props.deniedToEverybody.map(action => `dynamodb:${action}`),
        // The table this policy hangs on; its ARN would be a reference to itself.
        resources: ['*'],
      }),
    )

    for (const [what, metric] of [
      ['ReadsThrottled', 'ReadThrottleEvents'],
      ['WritesThrottled', 'WriteThrottleEvents'],
    ] as const)
      props.alarms.watch(this, what, {
        metric: this.table.metric(metric, { statistic: 'Sum', period: Duration.minutes(5) }),
        threshold: 10,
        periods: 3,
        ...props.failure,
      })
  }
}

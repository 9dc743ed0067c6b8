import { beforeAll, describe, expect, it } from 'vitest'
import {
  list,
  ofType,
  type Properties,
  type Resource,
  type Synthesized,
  synthesizeSample,
} from './synthesized.ts'

describe('the tables, which outlive everything', () => {
  let sample: Synthesized
  let tables: Resource[]
  let state: Resource
  let ledger: Resource
  let doors: Resource
  beforeAll(async () => {
    sample = await synthesizeSample()
    const found = ofType(sample, 'AWS::DynamoDB::GlobalTable')
    tables = found.map(([, table]) => table)
    const named = (prefix: string) => {
      const table = found.find(([id]) => id.startsWith(prefix))?.[1]
      if (!table) throw new Error(`no table ${prefix}`)
      return table
    }
    state = named('Register')
    ledger = named('Audit')
    doors = named('DataCentre')
  })

  const keysOf = (resource: { KeySchema: { AttributeName: string; KeyType: string }[] }) =>
    resource.KeySchema.map(key => `${key.KeyType} ${key.AttributeName}`)
  const indexesOf = (table: Resource) =>
    Object.fromEntries(
      table.Properties.GlobalSecondaryIndexes.map((index: Properties) => [
        index.IndexName,
        [...keysOf(index), index.Projection.ProjectionType, ...(index.Projection.NonKeyAttributes ?? [])],
      ]),
    )

  it('stay when the stack is deleted or a property would replace them', () => {
    expect(tables).toHaveLength(3)
    for (const table of tables) {
      expect(table.DeletionPolicy).toBe('Retain')
      expect(table.UpdateReplacePolicy).toBe('Retain')
      expect(table.Properties.Replicas).toHaveLength(1)
      expect(table.Properties.Replicas[0].DeletionProtectionEnabled).toBe(true)
    }
    expect(sample.manifest).toMatchObject({
      artifacts: { llavero: { properties: { terminationProtection: true } } },
    })
  })

  it('can be brought back to any second of the last 35 days', () => {
    for (const table of tables)
      expect(table.Properties.Replicas[0].PointInTimeRecoverySpecification).toEqual({
        PointInTimeRecoveryEnabled: true,
        RecoveryPeriodInDays: 35,
      })
  })

  it('are encrypted, each with a key of its own that rotates and stays', () => {
    const keys = tables.map(table => {
      expect(table.Properties.SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' })
      return table.Properties.Replicas[0].SSESpecification.KMSMasterKeyId['Fn::GetAtt'][0]
    })
    expect(new Set(keys).size).toBe(3)
    for (const id of keys) {
      const key = sample.template.Resources[id]
      expect(key?.Properties.EnableKeyRotation).toBe(true)
      expect(key?.DeletionPolicy).toBe('Retain')
    }
  })

  it('are paid by use, so that 31 December needs no plan, and no row of a person or of the ledger expires by itself', () => {
    for (const table of tables) {
      expect(table.Properties.BillingMode).toBe('PAY_PER_REQUEST')
      expect(table.Properties.TimeToLiveSpecification).toEqual(
        table === doors ? { AttributeName: 'forgetAt', Enabled: true } : undefined,
      )
      expect(table.Properties.StreamSpecification).toBeUndefined()
    }
  })

  it('have the keys and the indexes that the stores ask', () => {
    expect(keysOf(state.Properties as never)).toEqual(['HASH pk', 'RANGE sk'])
    expect(indexesOf(state)).toEqual({
      due: ['HASH dueShard', 'RANGE dueAt', 'INCLUDE', 'urgent'],
      list: ['HASH listKey', 'RANGE listSort', 'KEYS_ONLY'],
    })
    expect(keysOf(doors.Properties as never)).toEqual(['HASH pk', 'RANGE sk'])
    expect(indexesOf(doors)).toEqual({
      due: ['HASH dueShard', 'RANGE dueAt', 'KEYS_ONLY'],
      list: ['HASH listKey', 'RANGE listSort', 'KEYS_ONLY'],
    })
    expect(keysOf(ledger.Properties as never)).toEqual(['HASH chain', 'RANGE sequence'])
    expect(indexesOf(ledger)).toEqual({
      'by-window': ['HASH windowShard', 'RANGE windowSort', 'KEYS_ONLY'],
      'by-subject': ['HASH subject', 'RANGE windowSort', 'KEYS_ONLY'],
      'by-actor': ['HASH actor', 'RANGE windowSort', 'KEYS_ONLY'],
      'by-request': ['HASH request', 'RANGE windowSort', 'KEYS_ONLY'],
    })
    expect(ledger.Properties.AttributeDefinitions).toContainEqual({
      AttributeName: 'sequence',
      AttributeType: 'N',
    })
  })

  const denied = (table: Resource) => {
    const statements = list<Properties>(table.Properties.Replicas[0].ResourcePolicy.PolicyDocument.Statement)
    expect(statements).toHaveLength(1)
    expect(statements[0]).toMatchObject({ Effect: 'Deny', Principal: { AWS: '*' }, Resource: '*' })
    expect(statements[0].Condition).toBeUndefined()
    return statements[0].Action
  }

  it('deny everybody, whatever their own rights, to change or delete an entry of the ledger', () => {
    expect(denied(ledger)).toEqual([
      'dynamodb:BatchWriteItem',
      'dynamodb:DeleteItem',
      'dynamodb:PartiQLDelete',
      'dynamodb:PartiQLInsert',
      'dynamodb:PartiQLUpdate',
      'dynamodb:UpdateItem',
      'dynamodb:UpdateTimeToLive',
    ])
  })

  it('deny everybody to page through everybody’s data, or to write past the product’s conditions', () => {
    for (const table of [state, doors])
      expect(denied(table)).toEqual([
        'dynamodb:BatchWriteItem',
        'dynamodb:PartiQLDelete',
        'dynamodb:PartiQLInsert',
        'dynamodb:PartiQLSelect',
        'dynamodb:PartiQLUpdate',
        'dynamodb:Scan',
      ])
  })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Grants, grants } from '../../infra/capabilities/grants.ts'
import settings from '../../infra/settings/valle-claro.json' with { type: 'json' }
import {
  list,
  nameOf,
  ofType,
  type Resource,
  type Synthesized,
  statementsOf,
  synthesizeSample,
} from './synthesized.ts'

describe('the rights of the functions', () => {
  let sample: Synthesized
  let functions: Resource[]
  let stateTable: string
  let ledgerTable: string
  let doorsTable: string
  beforeAll(async () => {
    sample = await synthesizeSample()
    functions = ofType(sample, 'AWS::Lambda::Function').map(([, lambda]) => lambda)
    const tables = ofType(sample, 'AWS::DynamoDB::GlobalTable').map(([id]) => id)
    stateTable = tables.find(id => id.startsWith('Register')) ?? ''
    ledgerTable = tables.find(id => id.startsWith('Audit')) ?? ''
    doorsTable = tables.find(id => id.startsWith('DataCentre')) ?? ''
  })

  const allowed = (lambda: Resource) =>
    statementsOf(sample, lambda)
      .filter(statement => statement.Effect === 'Allow')
      .flatMap(statement =>
        list(statement.Action).flatMap(action =>
          list(statement.Resource).map(resource => ({ action, resource: JSON.stringify(resource) })),
        ),
      )

  it('gives every function its own role, and a role to nobody else', () => {
    const roles = functions.map(lambda => lambda.Properties.Role['Fn::GetAtt'][0])
    expect(new Set(roles).size).toBe(functions.length)
    expect(functions.map(nameOf).sort()).toEqual(Object.keys(grants).sort())
    for (const [id, role] of ofType(sample, 'AWS::IAM::Role'))
      expect([id, role.Properties.ManagedPolicyArns]).toEqual([id, undefined])
    for (const [, policy] of ofType(sample, 'AWS::IAM::Policy'))
      for (const role of policy.Properties.Roles) expect(roles).not.toContain(role.Ref)
  })

  it('allows on the tables exactly what the table of grants says', () => {
    for (const lambda of functions) {
      const granted: Grants = grants[nameOf(lambda) as keyof typeof grants]
      const expected = [
        ...(granted.state?.actions ?? []).map(action => `${action} ${stateTable}`),
        ...(granted.state?.indexes ?? []).map(index => `Query ${stateTable}/index/${index}`),
        ...(granted.ledger?.actions ?? []).map(action => `${action} ${ledgerTable}`),
        ...(granted.ledger?.indexes ?? []).map(index => `Query ${ledgerTable}/index/${index}`),
        ...(granted.doors?.actions ?? []).map(action => `${action} ${doorsTable}`),
        ...(granted.doors?.indexes ?? []).map(index => `Query ${doorsTable}/index/${index}`),
      ]
      const found = allowed(lambda)
        .filter(({ action }) => action.startsWith('dynamodb:'))
        .map(({ action, resource }) => {
          const table = [stateTable, ledgerTable, doorsTable].find(id => resource.includes(id))
          return `${action.slice('dynamodb:'.length)} ${table}${/\/index\/[a-z-]+/.exec(resource)?.[0] ?? ''}`
        })
      expect([nameOf(lambda), found.sort()]).toEqual([nameOf(lambda), expected.sort()])
    }
  })

  it('lets no function update, delete, scan or rewrite an entry of the ledger', () => {
    for (const lambda of functions)
      for (const { action, resource } of allowed(lambda)) {
        expect(action).not.toContain('*')
        expect(action).not.toMatch(/DeleteItem|BatchWriteItem|PartiQL|Scan/)
        if (resource.includes(ledgerTable)) expect(action).toMatch(/^dynamodb:(BatchGetItem|PutItem|Query)$/)
      }
  })

  it('names every resource; only the network interfaces cannot be named, and the code is denied those', () => {
    for (const lambda of functions) {
      const wild = statementsOf(sample, lambda).filter(statement =>
        /"\*"|\/\*"/.test(JSON.stringify(statement.Resource)),
      )
      if (lambda.Properties.VpcConfig === undefined) {
        expect([nameOf(lambda), wild]).toEqual([nameOf(lambda), []])
        continue
      }
      expect(wild.map(statement => statement.Effect)).toEqual(['Allow', 'Deny'])
      expect(wild[0]?.Action).toEqual(wild[1]?.Action)
      for (const action of list(wild[0]?.Action ?? [])) expect(action).toMatch(/^ec2:/)
      expect(wild[1]?.Condition).toEqual({ Null: { 'lambda:SourceFunctionArn': 'false' } })
    }
  })

  it('lets each function read the secret of the one target it enters and no other, and the key of the codes where it needs it', () => {
    for (const lambda of functions) {
      const name = nameOf(lambda)
      const secrets = allowed(lambda).filter(({ action }) => action.startsWith('secretsmanager:'))
      const target = /^(?:converge|set-credentials)-(?!data-centre)(.*)$/.exec(name)?.[1]
      const expected = [
        ...(target === undefined ? [] : [`Provisioning${target}Secret`]),
        // Nobody enters a door: whoever is spoken to by devices knows by which paths they may come.
        ...(name === 'serve-doors' ? ['DataCentreSites'] : []),
        ...(/^(issue-codes|set-credentials-.*)$/.test(name) ? ['CredentialsKey'] : []),
      ]
      const found = secrets.map(({ action, resource }) => {
        expect(action).toBe('secretsmanager:GetSecretValue')
        return /"Ref":"(\w+?)[0-9A-F]{8}"/.exec(resource)?.[1]
      })
      expect([name, found]).toEqual([name, expected])
    }
  })

  it('lets one function send mail, from the one address of the settings', () => {
    const sending = functions.flatMap(lambda =>
      statementsOf(sample, lambda)
        .filter(statement => JSON.stringify(statement.Action).includes('ses:'))
        .map(statement => [nameOf(lambda), statement] as const),
    )
    expect(sending).toHaveLength(1)
    expect(sending[0]).toMatchObject([
      'send-notices',
      {
        Effect: 'Allow',
        Action: 'ses:SendEmail',
        Condition: { StringEquals: { 'ses:FromAddress': 'llavero@valleclaro.example' } },
      },
    ])
    expect(JSON.stringify(sending[0]?.[1].Resource)).toContain(':identity/valleclaro.example')
  })

  it('tells a function the queues it may ring and no others, and the tables only if it touches one', () => {
    for (const lambda of functions) {
      const granted: Grants = grants[nameOf(lambda) as keyof typeof grants]
      const variables = Object.keys(lambda.Properties.Environment.Variables).filter(
        name => !name.startsWith('POWERTOOLS_'),
      )
      const expected = [
        ...(granted.state || granted.ledger ? ['STATE_TABLE', 'LEDGER_TABLE'] : []),
        ...(granted.doors ? ['DOORS_TABLE'] : []),
        ...(granted.rings ?? [])
          .map(target => `QUEUE_${target.toUpperCase().replace('-', '_')}`)
          .flatMap(queue => [queue, `${queue}_URGENT`]),
        ...(granted.mails === 'rings' ? ['QUEUE_NOTICES'] : []),
      ]
      expect([nameOf(lambda), variables.sort()]).toEqual([nameOf(lambda), expected.sort()])
    }
  })

  it('gives the key of the calls to the help desk to whoever makes them, where the settings name one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'llavero-settings-'))
    const file = join(folder, 'settings.json')
    const webhook = { url: 'https://mesa.valleclaro.example/tickets', secret: 'llavero/help-desk' }
    const notices = { ...settings.notices, webhook }
    await writeFile(file, JSON.stringify({ ...settings, notices }))
    const keysIn = (synthesized: Synthesized) =>
      ofType(synthesized, 'AWS::SecretsManager::Secret').filter(([id]) => id.startsWith('TasksWebhookKey'))
    const calling = await synthesizeSample({ checks: 'off', settings: file })
    await rm(folder, { recursive: true })
    expect(keysIn(sample)).toEqual([])
    const [[id, key] = ['', undefined], ...others] = keysIn(calling)
    expect(others).toEqual([])
    expect(key?.Properties.Name).toBe('llavero/help-desk')
    const readers = ofType(calling, 'AWS::Lambda::Function').filter(([, lambda]) =>
      JSON.stringify(statementsOf(calling, lambda)).includes(id),
    )
    expect(readers.map(([, lambda]) => nameOf(lambda))).toEqual(['send-notices'])
    expect(JSON.stringify(readers[0] && statementsOf(calling, readers[0][1]))).toContain('GetSecretValue')
  })

  it('holds no right to a key: the tables’ keys answer to DynamoDB only, for this account only', () => {
    for (const lambda of functions)
      expect(allowed(lambda).filter(({ action }) => action.startsWith('kms:'))).toEqual([])
    for (const table of [stateTable, ledgerTable, doorsTable]) {
      const keyId =
        sample.template.Resources[table]?.Properties.Replicas[0].SSESpecification.KMSMasterKeyId[
          'Fn::GetAtt'
        ][0]
      const open = sample.template.Resources[keyId]?.Properties.KeyPolicy.Statement.filter(
        (statement: { Principal: { AWS: unknown } }) => statement.Principal.AWS === '*',
      )
      expect(open).toHaveLength(1)
      expect(open[0].Condition.StringEquals['kms:CallerAccount']).toEqual({ Ref: 'AWS::AccountId' })
      expect(JSON.stringify(open[0].Condition.StringEquals['kms:ViaService'])).toContain('dynamodb.')
    }
  })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { grants } from '../../infra/capabilities/grants.ts'
import sampleSettings from '../../infra/settings/valle-claro.json' with { type: 'json' }
import { nameOf, ofType, type Resource, type Synthesized, synthesizeSample } from './synthesized.ts'

let sample: Synthesized
let functions: [string, Resource][]
beforeAll(async () => {
  sample = await synthesizeSample()
  functions = ofType(sample, 'AWS::Lambda::Function')
})
const refersTo = (value: unknown, id: string) => JSON.stringify(value).includes(`"${id}"`)

describe('the synthesized app', () => {
  it('knows no account, no region and asks nobody anything', () => {
    expect(sample.text).not.toMatch(/\b\d{12}\b/)
    expect(sample.text).not.toMatch(/\b(us|sa|eu|ap|ca)-[a-z]+-\d\b/)
    expect(sample.manifest).not.toHaveProperty('missing')
    expect(sample.manifest).toMatchObject({
      artifacts: { llavero: { environment: 'aws://unknown-account/unknown-region' } },
    })
  })

  it('is the same each time', async () => {
    expect((await synthesizeSample()).text).toBe(sample.text)
  })

  it('carries no password, person or server of the body, only where its mails come from', () => {
    const mails =
      /"llavero@valleclaro\.example"|"EmailIdentity": "valleclaro\.example"|:identity\/valleclaro\.example"/g
    expect(sample.text.match(mails)).toHaveLength(3)
    expect(sample.text.replace(mails, '')).not.toMatch(
      /password\w*"\s*:\s*"|ldaps:|postgresql:|valleclaro\.example|nationalId":/i,
    )
  })

  it('can stand twice in one account: two bodies, two names', async () => {
    const other = await synthesizeSample({ checks: 'off', stack: 'otra-comuna' })
    for (const [, lambda] of ofType(other, 'AWS::Lambda::Function'))
      expect(lambda.Properties.FunctionName).toBe(`otra-comuna-${nameOf(lambda)}`)
  })
})

const open = {
  'GET /health': 'describe-api',
  'GET /openapi.json': 'describe-api',
  // Door controllers: let in by the secret path of their site.
  'GET /iclock/{site}/{call}': 'serve-doors',
  'POST /iclock/{site}/{call}': 'serve-doors',
}
const behindToken = {
  'POST /requests': 'submit-request',
  'GET /renewals': 'renew-accesses',
  'POST /renewals': 'renew-accesses',
  'POST /requests/{number}/lines/{line}/decision': 'decide-lines',
  'PUT /requests/{number}/lines/{line}': 'complete-lines',
  'POST /requests/{number}/lines/{line}/acknowledgement': 'complete-lines',
  'GET /requests': 'read-requests',
  'GET /requests/{number}': 'read-requests',
  'GET /people/{nationalId}': 'read-people',
  'GET /me': 'read-people',
  'POST /people': 'record-people',
  'POST /hr-events': 'record-hr-events',
  'POST /people/{nationalId}/suspension': 'suspend-people',
  'DELETE /people/{nationalId}/suspension': 'suspend-people',
  'POST /visits': 'attend-visits',
  'GET /visits': 'attend-visits',
  'GET /visits/prohibitions': 'attend-visits',
  'POST /visits/{id}/entry': 'attend-visits',
  'POST /visits/{id}/exit': 'attend-visits',
  'POST /visits/{id}/correction': 'attend-visits',
  'POST /visits/{id}/approval': 'attend-visits',
  'GET /presence': 'attend-visits',
  'GET /holds': 'judge-batches',
  'POST /holds/{id}/release': 'judge-batches',
  'POST /holds/{id}/discard': 'judge-batches',
  'GET /key-holders': 'maintain-badges',
  'GET /people/{nationalId}/badge': 'maintain-badges',
  'PUT /people/{nationalId}/badge': 'maintain-badges',
  'POST /me/badge/receipt': 'maintain-badges',
  'POST /people/{nationalId}/badge/loss': 'maintain-badges',
  'POST /people/{nationalId}/badge/return': 'maintain-badges',
  'POST /me/credentials/directory': 'set-credentials-directory',
  'POST /me/credentials/mail': 'set-credentials-mail',
  'POST /me/credentials/erp': 'set-credentials-erp',
  'POST /people/{nationalId}/one-time-code': 'issue-codes',
  'POST /units': 'maintain-units',
  'GET /units/{id}': 'maintain-units',
  'PUT /units/{id}': 'maintain-units',
  'POST /units/{id}/deputies': 'maintain-units',
  'DELETE /units/{id}/deputies/{nationalId}': 'maintain-units',
  'GET /roles': 'maintain-roles',
  'PUT /roles': 'maintain-roles',
  'POST /roles/changes/{id}/decision': 'maintain-roles',
  'POST /identities': 'link-identities',
  'GET /tasks': 'attend-tasks',
  'POST /tasks/{id}/completion': 'attend-tasks',
  'GET /targets': 'maintain-targets',
  'PUT /targets/{id}': 'maintain-targets',
  'GET /reconciliation': 'reconcile-accounts',
  'POST /reconciliation/readings': 'reconcile-accounts',
  'POST /reconciliation/adoptions': 'reconcile-accounts',
  'POST /reconciliation/uploads': 'reconcile-accounts',
  'GET /audit': 'read-audit',
  'GET /audit/verification': 'read-audit',
  'GET /registers/{register}': 'read-registers',
  'GET /doors': 'read-doors',
  'GET /door-alarms': 'read-doors',
  'POST /door-alarms/{id}/settlement': 'read-doors',
  'GET /movements': 'read-doors',
}

describe('the functions', () => {
  it('run on Node 24 on arm64, each with its settings beside it', () => {
    expect(functions).toHaveLength(Object.keys(grants).length)
    for (const [, lambda] of functions) {
      expect(lambda.Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        FunctionName: `llavero-${nameOf(lambda)}`,
      })
      expect(lambda.Properties.MemorySize).toBeGreaterThanOrEqual(512)
    }
  })

  it('answer within the 30 seconds that the API waits', () => {
    const behindApi = ofType(sample, 'AWS::ApiGatewayV2::Integration').map(([, integration]) => integration)
    const answering = functions.filter(([id]) =>
      behindApi.some(integration => refersTo(integration.Properties.IntegrationUri, id)),
    )
    expect(answering).toHaveLength(new Set(Object.values({ ...behindToken, ...open })).size)
    for (const [, lambda] of answering) expect(lambda.Properties.Timeout).toBeLessThan(30)
  })

  it('write logs that end after half a year, and into their own group only', () => {
    const groups = ofType(sample, 'AWS::Logs::LogGroup')
    for (const [, group] of groups) expect(group.Properties.RetentionInDays).toBe(180)
    const own = functions.map(([, lambda]) => lambda.Properties.LoggingConfig.LogGroup.Ref)
    expect(new Set(own).size).toBe(functions.length)
    for (const id of own) expect(groups.map(([group]) => group)).toContain(id)
  })

  it('are loaded with the first people by a custom resource that runs again when the settings change', () => {
    const [[, bootstrap]] = ofType(sample, 'Custom::Bootstrap') as [[string, Resource]]
    const loader = functions.find(([, lambda]) => nameOf(lambda) === 'load-bootstrap')?.[0]
    expect(bootstrap.Properties.ServiceToken).toEqual({ 'Fn::GetAtt': [loader, 'Arn'] })
    expect(bootstrap.Properties.settingsHash).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('the bus of HR events', () => {
  it('hands every one of them to its function, keeps them for a month, and lets in nobody who is not named', async () => {
    const [[bus]] = ofType(sample, 'AWS::Events::EventBus') as [[string, Resource]]
    const rules = ofType(sample, 'AWS::Events::Rule').filter(([, rule]) => rule.Properties.EventPattern)
    const taker = functions.find(([, lambda]) => nameOf(lambda) === 'take-hr-events')?.[0]
    expect(rules.map(([, rule]) => rule.Properties)).toMatchObject([
      {
        EventBusName: { Ref: bus },
        EventPattern: { source: ['llavero.hr'], 'detail-type': ['HrEvent'] },
        State: 'ENABLED',
        Targets: [{ Arn: { 'Fn::GetAtt': [taker, 'Arn'] } }],
      },
    ])
    expect(ofType(sample, 'AWS::Events::Archive').map(([, one]) => one.Properties)).toMatchObject([
      { SourceArn: { 'Fn::GetAtt': [bus, 'Arn'] }, RetentionDays: 30 },
    ])
    expect(ofType(sample, 'AWS::Events::EventBusPolicy')).toEqual([])
    const folder = await mkdtemp(join(tmpdir(), 'llavero-settings-'))
    const settings = join(folder, 'settings.json')
    await writeFile(settings, JSON.stringify({ ...sampleSettings, hrEventSources: ['123456789012'] }))
    const named = await synthesizeSample({ checks: 'off', settings })
    await rm(folder, { recursive: true })
    expect(
      ofType(named, 'AWS::Events::EventBusPolicy').map(([, one]) => one.Properties.Statement),
    ).toMatchObject([
      {
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Condition: { StringEquals: { 'events:source': 'llavero.hr', 'events:detail-type': 'HrEvent' } },
      },
    ])
  })
})

describe('the front door', () => {
  const target = (route: Resource) => {
    const integration = Object.keys(sample.template.Resources).find(
      id =>
        sample.template.Resources[id]?.Type === 'AWS::ApiGatewayV2::Integration' &&
        refersTo(route.Properties.Target, id),
    )
    const uri = sample.template.Resources[integration ?? '']?.Properties.IntegrationUri
    const lambda = functions.find(([id]) => refersTo(uri, id))?.[1]
    return lambda && nameOf(lambda)
  }

  it('lets nobody in without a token, except to the contract, the sign of life, and door controllers', () => {
    const routes = ofType(sample, 'AWS::ApiGatewayV2::Route').map(([, route]) => route)
    expect(routes.map(route => route.Properties.RouteKey).sort()).toEqual(
      Object.keys({ ...open, ...behindToken }).sort(),
    )
    for (const route of routes) {
      const key: string = route.Properties.RouteKey
      expect([key, route.Properties.AuthorizationType]).toEqual([key, key in open ? 'NONE' : 'JWT'])
      expect([key, route.Properties.AuthorizerId !== undefined]).toEqual([key, !(key in open)])
    }
  })

  it('leads every route to its function', () => {
    const leadsTo = new Map(Object.entries({ ...open, ...behindToken }))
    for (const [, route] of ofType(sample, 'AWS::ApiGatewayV2::Route')) {
      const key: string = route.Properties.RouteKey
      expect([key, target(route)]).toEqual([key, leadsTo.get(key)])
    }
  })

  it('trusts the issuer and the audience that the operator names', () => {
    const [[, authorizer]] = ofType(sample, 'AWS::ApiGatewayV2::Authorizer') as [[string, Resource]]
    expect(authorizer.Properties).toMatchObject({
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Issuer: { Ref: 'IssuerUrl' }, Audience: [{ Ref: 'Audience' }] },
    })
  })

  it('writes the route’s pattern into its log, never the path nor who called', () => {
    const [[, stage]] = ofType(sample, 'AWS::ApiGatewayV2::Stage') as [[string, Resource]]
    const format: string = stage.Properties.AccessLogSettings.Format
    expect(format).toContain('$context.routeKey')
    expect(format).not.toMatch(
      /\$context\.(path|identity|authorizer|domainName)|requestOverride|querystring/i,
    )
    expect(stage.Properties.DefaultRouteSettings).toMatchObject({
      ThrottlingRateLimit: 50,
      ThrottlingBurstLimit: 100,
    })
  })
})

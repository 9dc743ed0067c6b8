import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Duration, Stack } from 'aws-cdk-lib/core'
import { describe, expect, it } from 'vitest'
import { addChecks } from '../../infra/app.ts'
import { Alarms } from '../../infra/capabilities/alarms.ts'
import { DeviceDoor } from '../../infra/capabilities/device-door.ts'
import { AppFunction } from '../../infra/capabilities/function.ts'
import { Settings } from '../../schemas/settings.ts'
import { ofType, type Resource, type Synthesized, synthesizeSample } from './synthesized.ts'

const domain = {
  name: 'puertas.valleclaro.example',
  certificateArn: 'arn:aws:acm:sa-east-1:123456789012:certificate/0f5e2c3a',
  truststore: 's3://valle-claro-relays/doors/truststore.pem',
}

/** The door in a stack of its own, with a function behind a route, checked by cdk-nag. */
async function open(given?: typeof domain & { truststoreVersion?: string }): Promise<Synthesized> {
  const folder = await mkdtemp(join(tmpdir(), 'llavero-device-door-'))
  const [bundle, outdir] = [join(folder, 'bundle'), join(folder, 'out')]
  const exitCode = process.exitCode
  try {
    await mkdir(bundle)
    await writeFile(join(bundle, 'index.mjs'), 'export const handler = async () => undefined\n')
    const app = new App({ outdir, builtinCloudFormationValidation: true })
    const stack = new Stack(app, 'doors')
    const alarms = new Alarms(stack, 'Alarms')
    const door = new DeviceDoor(stack, 'DeviceDoor', { alarms, domain: given })
    const behind = new AppFunction(stack, 'Behind', {
      name: 'describe-api',
      workshop: { bundles: { directory: () => bundle }, alarms },
      description: 'Whatever stands behind the door.',
      memory: 512,
      timeout: Duration.seconds(10),
      failure: { means: 'Devices wait.', remedy: 'Look at the log.' },
    })
    door.route('GET /iclock/{site}/{call}', behind, 'open')
    door.route('POST /iclock/{site}/{call}', behind, 'open')
    await addChecks(app)
    app.synth()
    const read = (name: string) => readFile(join(outdir, name), 'utf8')
    const text = await read('doors.template.json')
    return { text, template: JSON.parse(text), manifest: {}, report: await read('validation-report.json') }
  } finally {
    process.exitCode = exitCode
    await rm(folder, { recursive: true, force: true })
  }
}

const only = (synthesized: Synthesized, type: string): [string, Resource] => {
  const found = ofType(synthesized, type)
  expect(found).toHaveLength(1)
  return found[0] as [string, Resource]
}

describe('the door of devices', () => {
  it('is an API of its own, with room for two hundred devices and none taken from people', async () => {
    const sample = await synthesizeSample()
    const throttles = ofType(sample, 'AWS::ApiGatewayV2::Stage').map(([, { Properties }]) => [
      sample.template.Resources[Properties.ApiId.Ref]?.Properties.Name,
      Properties.DefaultRouteSettings,
    ])
    expect(Object.fromEntries(throttles)).toEqual({
      llavero: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 },
      'llavero-doors': { ThrottlingRateLimit: 300, ThrottlingBurstLimit: 600 },
    })
  })

  it('writes the route’s pattern into its log, never the path with the site’s secret nor who called', async () => {
    const [, stage] = only(await open(), 'AWS::ApiGatewayV2::Stage')
    const format: string = stage.Properties.AccessLogSettings.Format
    expect(format).toContain('$context.routeKey')
    expect(format).not.toMatch(
      /\$context\.(path|identity|authorizer|domainName)|requestOverride|querystring|clientCert/i,
    )
  })

  it('has no token check, and one permission for the function behind all of its routes', async () => {
    const opened = await open()
    expect(ofType(opened, 'AWS::ApiGatewayV2::Authorizer')).toEqual([])
    expect(
      ofType(opened, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => [
        Properties.RouteKey,
        Properties.AuthorizationType,
      ]),
    ).toEqual([
      ['GET /iclock/{site}/{call}', 'NONE'],
      ['POST /iclock/{site}/{call}', 'NONE'],
    ])
    only(opened, 'AWS::Lambda::Permission')
    only(opened, 'AWS::ApiGatewayV2::Integration')
  })

  it('tells somebody when devices get errors', async () => {
    const opened = await open()
    const [api] = only(opened, 'AWS::ApiGatewayV2::Api')
    const alarms = ofType(opened, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties)
    expect(alarms).toContainEqual(
      expect.objectContaining({
        MetricName: '5xx',
        Dimensions: [{ Name: 'ApiId', Value: { Ref: api } }],
        AlarmActions: [expect.anything()],
      }),
    )
  })

  it('without a domain is entered by the address that AWS gives it', async () => {
    const opened = await open()
    expect(only(opened, 'AWS::ApiGatewayV2::Api')[1].Properties.DisableExecuteApiEndpoint).toBeUndefined()
    expect(ofType(opened, 'AWS::ApiGatewayV2::DomainName')).toEqual([])
    expect(ofType(opened, 'AWS::ApiGatewayV2::ApiMapping')).toEqual([])
  })

  it('with a domain asks everybody for a certificate of the truststore, and leaves no other way in', async () => {
    const opened = await open(domain)
    const [api, { Properties: properties }] = only(opened, 'AWS::ApiGatewayV2::Api')
    expect(properties.DisableExecuteApiEndpoint).toBe(true)
    const [name, { Properties: of }] = only(opened, 'AWS::ApiGatewayV2::DomainName')
    expect(of).toMatchObject({
      DomainName: domain.name,
      DomainNameConfigurations: [
        {
          CertificateArn: domain.certificateArn,
          EndpointType: 'REGIONAL',
          SecurityPolicy: 'TLS_1_2',
        },
      ],
      MutualTlsAuthentication: { TruststoreUri: domain.truststore },
    })
    expect(of.MutualTlsAuthentication).not.toHaveProperty('TruststoreVersion')
    const [stage] = only(opened, 'AWS::ApiGatewayV2::Stage')
    expect(only(opened, 'AWS::ApiGatewayV2::ApiMapping')[1]).toMatchObject({
      Properties: { ApiId: { Ref: api }, DomainName: { Ref: name }, Stage: '$default' },
      DependsOn: expect.arrayContaining([stage]),
    })
  })

  it('takes a new truststore by its version', async () => {
    const opened = await open({ ...domain, truststoreVersion: 'pWq1.2' })
    expect(only(opened, 'AWS::ApiGatewayV2::DomainName')[1].Properties.MutualTlsAuthentication).toEqual({
      TruststoreUri: domain.truststore,
      TruststoreVersion: 'pWq1.2',
    })
  })

  it.each([
    ['without', undefined],
    ['with', domain],
  ])('%s a domain gives cdk-nag nothing to find but its two open routes, with a reason', async (_, given) => {
    const { pluginReports } = JSON.parse((await open(given)).report ?? '{}')
    const nag = pluginReports.find((one: { pluginName: string }) => one.pluginName === 'AwsSolutions')
    expect(nag).toMatchObject({ conclusion: 'success', violations: [] })
    expect(nag.suppressedViolations.map((one: { ruleName: string }) => one.ruleName)).toEqual([
      'AwsSolutions-APIG4',
      'AwsSolutions-APIG4',
    ])
    expect(nag.suppressedViolations[0].reason).toMatch(/hold no token/)
  })

  it('stands in the body’s own app as its settings say, while people go on without a certificate', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'llavero-settings-'))
    const settings = join(folder, 'settings.json')
    const body = Settings.parse(JSON.parse(await readFile('infra/settings/valle-claro.json', 'utf8')))
    await writeFile(settings, JSON.stringify({ ...body, dataCentre: { ...body.dataCentre, domain } }))
    const synthesized = await synthesizeSample({ checks: 'off', settings })
    await rm(folder, { recursive: true })
    const disabled = ofType(synthesized, 'AWS::ApiGatewayV2::Api').map(([, { Properties }]) => [
      Properties.Name,
      Properties.DisableExecuteApiEndpoint ?? false,
    ])
    expect(Object.fromEntries(disabled)).toEqual({ llavero: false, 'llavero-doors': true })
    only(synthesized, 'AWS::ApiGatewayV2::DomainName')
  })
})

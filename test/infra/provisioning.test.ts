import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import valleClaro from '../../infra/settings/valle-claro.json' with { type: 'json' }
import {
  nameOf,
  ofType,
  type Properties,
  type Resource,
  type Synthesized,
  synthesizeSample,
} from './synthesized.ts'

let sample: Synthesized
let functions: [string, Resource][]
beforeAll(async () => {
  sample = await synthesizeSample()
  functions = ofType(sample, 'AWS::Lambda::Function')
})
const workers = () => functions.filter(([, lambda]) => nameOf(lambda).startsWith('converge-'))

describe('the doorbells', () => {
  it('are two for each target, answered ten at a time, one bad one not spoiling the others', () => {
    const mappings = ofType(sample, 'AWS::Lambda::EventSourceMapping').map(([, mapping]) => mapping)
    // Two for each target, one for the mails.
    expect(mappings).toHaveLength(9)
    for (const [id, worker] of workers()) {
      const own = mappings.filter(mapping => mapping.Properties.FunctionName.Ref === id)
      expect([nameOf(worker), own.length]).toEqual([nameOf(worker), 2])
      for (const mapping of own)
        expect(mapping.Properties).toMatchObject({
          BatchSize: 10,
          FunctionResponseTypes: ['ReportBatchItemFailures'],
        })
      const atOnce = own.map(mapping => mapping.Properties.ScalingConfig.MaximumConcurrency as number)
      expect(Math.min(...atOnce)).toBeGreaterThanOrEqual(2)
      // Fewer places than the queues may ask for would end in throttling, and throttling in dead letters.
      expect(worker.Properties.ReservedConcurrentExecutions).toBe(atOnce.reduce((sum, one) => sum + one, 0))
    }
  })

  it('stay out of sight at least six times as long as a worker may take, and end in one place for bugs', () => {
    const longest = Math.max(...workers().map(([, worker]) => worker.Properties.Timeout))
    const queues = ofType(sample, 'AWS::SQS::Queue')
    const bells = queues.filter(([, queue]) => queue.Properties.RedrivePolicy !== undefined)
    expect(bells).toHaveLength(9)
    const deadLetters = new Set<string>()
    for (const [, bell] of bells) {
      expect(bell.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * longest)
      expect(bell.Properties.FifoQueue).toBeUndefined()
      expect(bell.Properties.RedrivePolicy.maxReceiveCount).toBe(5)
      // It must live to be counted five times.
      expect(bell.Properties.MessageRetentionPeriod).toBeGreaterThan(5 * bell.Properties.VisibilityTimeout)
      deadLetters.add(bell.Properties.RedrivePolicy.deadLetterTargetArn['Fn::GetAtt'][0])
    }
    expect(deadLetters.size).toBe(1)
    expect(queues).toHaveLength(10)
  })

  it('are encrypted and refuse whoever comes without TLS', () => {
    const queues = ofType(sample, 'AWS::SQS::Queue')
    for (const [, queue] of queues) expect(queue.Properties.SqsManagedSseEnabled).toBe(true)
    const policies = ofType(sample, 'AWS::SQS::QueuePolicy').map(([, policy]) => policy)
    for (const [id] of queues)
      expect(
        policies.some(
          policy =>
            policy.Properties.Queues.some((queue: { Ref: string }) => queue.Ref === id) &&
            JSON.stringify(policy).includes('"aws:SecureTransport":"false"'),
        ),
      ).toBe(true)
  })
})

describe('the sweeper', () => {
  it('runs every minute, alone, is over before the next one, and has a place kept free', () => {
    const [id, sweeper] = functions.find(([, lambda]) => nameOf(lambda) === 'sweep-due') ?? []
    expect(sweeper?.Properties.Timeout).toBeLessThan(60)
    expect(sweeper?.Properties.ReservedConcurrentExecutions).toBe(1)
    const rules = ofType(sample, 'AWS::Events::Rule').filter(
      ([, { Properties }]) => Properties.Name === 'llavero-sweep-due',
    )
    expect(rules).toHaveLength(1)
    expect(rules[0]?.[1].Properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
    })
    expect(rules[0]?.[1].Properties.Targets[0].Arn).toEqual({ 'Fn::GetAtt': [id, 'Arn'] })
  })
})

describe('the way to the body’s building', () => {
  it('has no road to the internet', () => {
    for (const type of ['InternetGateway', 'NatGateway', 'EgressOnlyInternetGateway', 'EIP'])
      expect(ofType(sample, `AWS::EC2::${type}`)).toEqual([])
    expect(ofType(sample, 'AWS::EC2::VPNGateway')).toHaveLength(1)
    for (const [, subnet] of ofType(sample, 'AWS::EC2::Subnet'))
      expect(subnet.Properties.MapPublicIpOnLaunch).toBe(false)
  })

  it('is taken by whoever enters a target, each to one port of its own target, and by nobody else', () => {
    const ports: Record<string, number> = {
      'converge-directory': 636,
      'converge-mail': 5432,
      'converge-erp': 5432,
      'set-credentials-directory': 636,
      'set-credentials-mail': 5432,
      'set-credentials-erp': 5432,
    }
    for (const [, lambda] of functions) {
      const group = lambda.Properties.VpcConfig?.SecurityGroupIds[0]['Fn::GetAtt'][0]
      expect([nameOf(lambda), group !== undefined]).toEqual([nameOf(lambda), nameOf(lambda) in ports])
      if (group === undefined) continue
      const inline: Properties[] = sample.template.Resources[group]?.Properties.SecurityGroupEgress
      const toSite = inline.filter(rule => rule.CidrIp?.Ref === 'SiteNetwork')
      expect(toSite.map(rule => [rule.FromPort, rule.ToPort])).toEqual([
        [ports[nameOf(lambda)], ports[nameOf(lambda)]],
      ])
      for (const rule of inline.filter(one => !toSite.includes(one))) expect(rule.ToPort).toBe(443)
    }
  })

  it('is not taken to a service on the internet: that worker stands outside, and reaches nothing in the building', async () => {
    const mail = {
      id: 'mail',
      kind: 'microsoft-365',
      mode: 'active',
      secret: 'llavero/mail',
      domain: 'valleclaro.example',
      licence: '18181a46-0d4e-45cd-891e-60aabd171b4e',
      usageLocation: 'CL',
    }
    const folder = await mkdtemp(join(tmpdir(), 'llavero-settings-'))
    try {
      const settings = join(folder, 'body.json')
      const targets = valleClaro.targets.map(target => (target.id === 'mail' ? mail : target))
      await writeFile(settings, JSON.stringify({ ...valleClaro, targets }))
      const body = await synthesizeSample({ checks: 'off', settings })
      for (const [, lambda] of ofType(body, 'AWS::Lambda::Function'))
        if (/^(converge|set-credentials)-/.test(nameOf(lambda)))
          expect([nameOf(lambda), lambda.Properties.VpcConfig === undefined]).toEqual([
            nameOf(lambda),
            /-(mail|data-centre)$/.test(nameOf(lambda)),
          ])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('opens its tunnel once the body has named its own end', () => {
    for (const type of ['CustomerGateway', 'VPNConnection', 'VPNConnectionRoute']) {
      const [[, part]] = ofType(sample, `AWS::EC2::${type}`) as [[string, Resource & { Condition?: string }]]
      expect(part.Condition).toMatch(/SiteGatewayKnown/)
    }
  })
})

describe('a target that only people can enter', () => {
  it('has a worker without a secret and without a road, and its doorbells', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'llavero-manual-'))
    try {
      const body = JSON.parse(await readFile('infra/settings/valle-claro.json', 'utf8'))
      const targets = body.targets.map((target: { id: string }) =>
        target.id === 'erp' ? { id: 'erp', kind: 'manual', mode: 'manual' } : target,
      )
      const file = join(folder, 'body.json')
      await writeFile(file, JSON.stringify({ ...body, targets }))
      const manual = await synthesizeSample({ checks: 'off', settings: file })
      const worker = ofType(manual, 'AWS::Lambda::Function').find(([, one]) => nameOf(one) === 'converge-erp')
      expect(worker?.[1].Properties.VpcConfig).toBeUndefined()
      expect(
        ofType(manual, 'AWS::SecretsManager::Secret').map(([, secret]) => secret.Properties.Name),
      ).not.toContain('llavero/erp')
      const mappings = ofType(manual, 'AWS::Lambda::EventSourceMapping')
      expect(mappings.filter(([, one]) => one.Properties.FunctionName.Ref === worker?.[0])).toHaveLength(2)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

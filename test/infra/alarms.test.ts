import { beforeAll, describe, expect, it } from 'vitest'
import { nameOf, ofType, type Resource, type Synthesized, synthesizeSample } from './synthesized.ts'

describe('the alarms', () => {
  let sample: Synthesized
  let alarms: Resource[]
  beforeAll(async () => {
    sample = await synthesizeSample()
    alarms = ofType(sample, 'AWS::CloudWatch::Alarm').map(([, alarm]) => alarm)
  })
  const on = (metric: string) => alarms.filter(alarm => alarm.Properties.MetricName === metric)

  it('tell, each of them, what it means to a user and what to do', () => {
    for (const { Properties: alarm } of alarms) {
      expect(alarm.AlarmDescription).toMatch(/^What it means: .{40,} What to do: .{20,}/)
      expect(alarm.AlarmDescription.length).toBeLessThanOrEqual(1024)
      expect(alarm.AlarmActions).toHaveLength(1)
    }
  })

  it('watch the errors and the throttling of every function', () => {
    for (const [id, lambda] of ofType(sample, 'AWS::Lambda::Function'))
      for (const metric of ['Errors', 'Throttles'])
        expect([
          nameOf(lambda),
          metric,
          on(metric).filter(alarm => alarm.Properties.Dimensions[0].Value.Ref === id).length,
        ]).toEqual([nameOf(lambda), metric, 1])
  })

  it('watch the faults that a function answers with a 500 and so does not count as errors', () => {
    const behindDoor = ofType(sample, 'AWS::ApiGatewayV2::Integration').length
    const watched = on('InternalFaults').map(alarm => alarm.Properties.Dimensions[0].Value)
    expect(watched).toHaveLength(behindDoor)
    expect(watched).toContain('submit-request')
  })

  it('go off for one dead letter, one parked row, or anything due for a quarter of an hour', () => {
    expect(on('ParkedRows').map(alarm => alarm.Properties)).toMatchObject([
      { Namespace: 'Llavero', Threshold: 1, Dimensions: [{ Name: 'service', Value: 'sweep-due' }] },
    ])
    expect(on('OldestDueSeconds').map(alarm => alarm.Properties)).toMatchObject([
      { Namespace: 'Llavero', Threshold: 900, Dimensions: [{ Name: 'service', Value: 'sweep-due' }] },
    ])
    const deadLetters = ofType(sample, 'AWS::SQS::Queue').find(
      ([, queue]) => !queue.Properties.RedrivePolicy,
    )?.[0]
    expect(on('ApproximateNumberOfMessagesVisible').map(alarm => alarm.Properties)).toMatchObject([
      { Threshold: 1, Dimensions: [{ Value: { 'Fn::GetAtt': [deadLetters, 'QueueName'] } }] },
    ])
  })

  it('take a silent sweeper for a broken one', () => {
    expect(on('OldestDueSeconds')[0]?.Properties.TreatMissingData).toBe('breaching')
  })

  it('travel encrypted, and by mail only where an address was given', () => {
    const [[, topic]] = ofType(sample, 'AWS::SNS::Topic') as [[string, Resource]]
    expect(topic.Properties.KmsMasterKeyId).toBeDefined()
    const [[, subscription]] = ofType(sample, 'AWS::SNS::Subscription') as [
      [string, Resource & { Condition?: string }],
    ]
    expect(subscription.Condition).toMatch(/Mailed/)
  })
})

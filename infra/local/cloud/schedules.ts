import { ACCOUNT, REGION } from './aws-endpoint.ts'
import type { Functions } from './functions.ts'
import { mayInvoke, type Stack } from './template.ts'

interface Rule {
  ScheduleExpression?: string
  State: string
  Targets: { Arn: string; RetryPolicy?: { MaximumRetryAttempts: number } }[]
}

const UNITS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** EventBridge rules by the moved clock. Only `rate(…)`, without retries: neither cron nor retries are used. */
export const openSchedules = (stack: Stack, invoke: Functions['invoke'], now: () => number) => {
  const invocations = stack.of<{ FunctionName: string; MaximumRetryAttempts: number }>(
    'AWS::Lambda::EventInvokeConfig',
  )
  const schedules = stack.of<Rule>('AWS::Events::Rule').flatMap(({ id, properties: rule }) => {
    if (rule.ScheduleExpression === undefined) return []
    const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(rule.ScheduleExpression) ?? []
    if (!count || rule.State !== 'ENABLED')
      throw new Error(`${id}: ${rule.ScheduleExpression} is not honoured`)
    return rule.Targets.map(({ Arn, RetryPolicy }) => {
      const name = stack.nameOf(Arn)
      const retries = invocations.find(each => stack.nameOf(each.properties.FunctionName) === name)
      if (RetryPolicy?.MaximumRetryAttempts !== 0 || retries?.properties.MaximumRetryAttempts !== 0) {
        throw new Error(`${id}: retries of ${name} are not honoured: say 0`)
      }
      if (!mayInvoke(stack, 'events', Arn, stack.arn(id))) throw new Error(`${id} may not invoke ${name}`)
      const everyMs = Number(count) * (UNITS[unit] ?? 0)
      return { name, arn: stack.arn(id), everyMs, dueAt: now() + everyMs }
    })
  })

  /** Runs one now, by the name of its function. */
  const run = async (name: string): Promise<unknown> => {
    const schedule = schedules.find(each => each.name === name)
    if (!schedule) throw new Error(`There is no schedule ${name}`)
    const time = `${new Date(now()).toISOString().slice(0, 19)}Z`
    const source = { source: 'aws.events', account: ACCOUNT, region: REGION, resources: [schedule.arn] }
    const kind = { version: '0', id: crypto.randomUUID(), 'detail-type': 'Scheduled Event', detail: {} }
    return invoke(name, { ...kind, ...source, time })
  }

  /** Looks at the clock: whatever has passed since the last look fires once, however often it would have. */
  const tick = async (): Promise<void> => {
    const passed = schedules.filter(schedule => schedule.dueAt <= now())
    for (const schedule of passed) schedule.dueAt = now() + schedule.everyMs
    await Promise.allSettled(passed.map(schedule => run(schedule.name)))
  }
  const timer = setInterval(() => void tick(), 1_000).unref()
  return {
    names: schedules.map(schedule => schedule.name),
    run,
    tick,
    /** Counts anew from the clock as it is, after it went back. */
    restart: (): void => {
      for (const schedule of schedules) schedule.dueAt = now() + schedule.everyMs
    },
    close: () => clearInterval(timer),
  }
}

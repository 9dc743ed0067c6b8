import type { Functions } from './functions.ts'
import type { Stack } from './template.ts'

export interface Schedules {
  /** Named as their functions. */
  names: string[]
  /** Runs one now. */
  run(name: string): Promise<void>
  /** Looks at the clock: whatever has passed since the last look fires once, however often it would have. */
  tick(): Promise<void>
  /** Counts anew from the clock as it is, after it went back. */
  restart(): void
  close(): void
}

interface Rule {
  Name: string
  ScheduleExpression: string
  State: string
  Targets: { Arn: string; RetryPolicy?: { MaximumRetryAttempts: number } }[]
}

const UNITS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** EventBridge rules by the moved clock. Only `rate(…)`: a cron expression has a time zone that the product avoids. */
export const openSchedules = (stack: Stack, invoke: Functions['invoke'], now: () => number): Schedules => {
  const schedules = stack.of<Rule>('AWS::Events::Rule').flatMap(({ id, properties: rule }) => {
    const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(rule.ScheduleExpression) ?? []
    if (!count || !unit)
      throw new Error(`${id}: ${rule.ScheduleExpression} is not honoured by the laptop's cloud`)
    if (rule.State !== 'ENABLED') return []
    return rule.Targets.map(target => {
      if (target.RetryPolicy?.MaximumRetryAttempts !== 0) throw new Error(`${id}: retries are not honoured`)
      const everyMs = Number(count) * (UNITS[unit] as number)
      return { name: stack.nameOf(target.Arn), arn: stack.arn(id), everyMs, dueAt: now() + everyMs }
    })
  })

  const run = async (name: string): Promise<void> => {
    const schedule = schedules.find(each => each.name === name)
    if (!schedule) throw new Error(`There is no schedule ${name}`)
    const time = `${new Date(now()).toISOString().slice(0, 19)}Z`
    await invoke(name, {
      ...{ version: '0', id: crypto.randomUUID(), 'detail-type': 'Scheduled Event', source: 'aws.events' },
      ...{ account: '000000000000', time, region: 'us-east-1', resources: [schedule.arn], detail: {} },
    })
  }

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
    restart: () => {
      for (const schedule of schedules) schedule.dueAt = now() + schedule.everyMs
    },
    close: () => clearInterval(timer),
  }
}

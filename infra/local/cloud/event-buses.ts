import type { Functions } from './functions.ts'
import { mayInvoke, type Stack } from './template.ts'

interface Rule {
  EventPattern?: Record<string, string[]>
  Targets: { Arn: string }[]
}
/** As often as Lambda tries by itself. */
const TRIES = 3

/** The body's own buses: an event that fits a rule's pattern is handed to its functions; answers how many there are. */
export const openEventBuses = (stack: Stack, invoke: Functions['invoke']) => {
  const rules = stack.of<Rule>('AWS::Events::Rule').flatMap(({ id, properties: { EventPattern, Targets } }) =>
    (EventPattern ? Targets : []).map(({ Arn, ...more }) => {
      const sound = Object.keys(more).join() === 'Id' && mayInvoke(stack, 'events', Arn, stack.arn(id))
      if (!sound) throw new Error(`${id}: its target is not honoured`)
      return { pattern: Object.entries(EventPattern ?? {}), name: stack.nameOf(Arn) }
    }),
  )
  return async (event: Record<string, unknown>): Promise<number> => {
    const fitting = rules.filter(({ pattern }) =>
      pattern.every(([key, of]) => of.includes(String(event[key]))),
    )
    for (const { name } of fitting)
      for (let left = TRIES; left > 0; left--) {
        const taken = () => (left = 0)
        await invoke(name, { version: '0', id: crypto.randomUUID(), ...event }).then(taken, () => undefined)
      }
    return fitting.length
  }
}

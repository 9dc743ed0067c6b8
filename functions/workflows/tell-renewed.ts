import type { RenewalsFiled, RenewalsTried } from '../../schemas/renewal.ts'
import type { KeptLine } from '../../schemas/request.ts'
import type { Engine } from './engine.ts'
import type { Registers } from './registers.ts'
import type { Renewed } from './renew-accesses.ts'
import { decidedLines, statusOfRequest, tellFiled } from './view-request.ts'

type Needed = Pick<Registers, 'people' | 'settings' | 'clock'> & Pick<Engine, 'tasks'>

const renewedBy = ({ lines }: { readonly lines: readonly KeptLine[] }, line: string): string[] =>
  lines.flatMap(one =>
    one.kind === 'activation' && one.line === line ? (one.renews ?? []).map(({ grant }) => grant) : [],
  )

/** The answer to renewals: requests as any form is answered, and of each line what it renews. */
export async function tellRenewed(
  registers: Needed,
  renewed: Renewed,
): Promise<RenewalsFiled | RenewalsTried> {
  const { year, alreadyRenewed, left } = renewed
  if ('tried' in renewed) {
    const requests = renewed.tried.map(one => {
      const lines = decidedLines(one.lines)
      return {
        status: statusOfRequest(lines),
        lines: lines.map(line => ({ ...line, grants: renewedBy(one, line.line) })),
        plan: one.plan.map(step => ({ ...step, steps: [...step.steps] })),
      }
    })
    return { year, alreadyRenewed, left, requests }
  }
  const requests = await Promise.all(
    renewed.filed.map(async kept => {
      const told = await tellFiled(registers, kept)
      const lines = told.lines.map(line => ({ ...line, grants: renewedBy(kept, line.line) }))
      return { ...told, lines }
    }),
  )
  return { year, alreadyRenewed, left, requests }
}

import { createAcknowledgementStore } from '../../functions/stores/acknowledgements.ts'
import { createUnitStore } from '../../functions/stores/units.ts'
import { acknowledgeLine } from '../../functions/workflows/acknowledge-line.ts'
import { completeLine } from '../../functions/workflows/complete-line.ts'
import type { Engine } from '../../functions/workflows/engine.ts'
import { submitRequest } from '../../functions/workflows/submit-request.ts'
import type { DecidedLine } from '../../schemas/api.ts'
import type { CompletedActivation, SentAcknowledgement } from '../../schemas/api-lines.ts'
import { Form } from '../../schemas/request.ts'
import type { Unit } from '../../schemas/unit.ts'
import type { World } from './world.ts'

export interface Asked {
  readonly number: string
  readonly line: string
  readonly hash: string
}

/** What units and people do with lines, on a world's engine; `using` may be one whose process dies. */
export function linesOf(world: World) {
  const parts = (using: Engine, tables = world.tables) => ({
    ...using,
    ledger: world.ledger,
    units: createUnitStore(tables),
    acknowledgements: createAcknowledgementStore(tables, world.engine.settings),
  })
  return {
    registers: (using: Engine = world.engine, tables = world.tables) => parts(using, tables),

    async openUnit(unit: Unit): Promise<void> {
      const at = new Date(world.time.now).toISOString()
      await createUnitStore(world.tables).record(null, unit, {
        at,
        asOf: at,
        act: 'unit-recorded',
        phase: 'recorded',
        subject: null,
        actor: { personId: null, role: 'hr', onBehalfOf: null },
        system: 'llavero',
        request: null,
        cause: { kind: 'register', ref: unit.id },
      })
    },

    /** Files a form and answers its first line. */
    async file(callerId: string, form: object): Promise<Asked> {
      const submitted = await submitRequest(parts(world.engine), {
        caller: { personId: callerId, roles: [] },
        form: Form.parse(form),
        idempotency: null,
        dryRun: false,
        eventAt: new Date(world.time.now).toISOString(),
      })
      if (!('filed' in submitted)) throw new Error(JSON.stringify(submitted))
      return { number: submitted.filed.row.number, line: 'A1', hash: '' }
    },

    complete: (
      callerId: string,
      { number, line, hash }: Asked,
      sent: CompletedActivation,
      using = parts(world.engine),
    ): Promise<DecidedLine | { refused: string }> =>
      completeLine(using, {
        caller: { personId: callerId, roles: [] },
        number,
        line,
        ifMatch: hash,
        sent: { kind: 'activation', ...sent },
        repeatable: true,
      }),

    acknowledge: (
      callerId: string,
      { number, line, hash }: Asked,
      sent: SentAcknowledgement,
      using = parts(world.engine),
    ): Promise<DecidedLine | { refused: string }> =>
      acknowledgeLine(using, {
        caller: { personId: callerId, roles: [] },
        number,
        line,
        ifMatch: hash,
        sent,
        repeatable: true,
      }),
  }
}

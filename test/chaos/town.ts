import type { Connector, Plan } from '../../functions/connectors/contract.ts'
import { addDays, dayOf } from '../../functions/domain/civil-time.ts'
import { lineHash } from '../../functions/domain/line-hash.ts'
import { isRefusal } from '../../functions/domain/refusal.ts'
import { createHoldStore } from '../../functions/stores/holds.ts'
import { createIdentityStore } from '../../functions/stores/identities.ts'
import { decideLine } from '../../functions/workflows/decide-line.ts'
import { handOverCard } from '../../functions/workflows/hand-over-card.ts'
import { judgeBatch, listBatches } from '../../functions/workflows/judge-batch.ts'
import { recordHrEvent, recordHrEventFile } from '../../functions/workflows/record-hr-event.ts'
import { signReceipt } from '../../functions/workflows/sign-receipt.ts'
import { releasePerson, suspendPerson } from '../../functions/workflows/suspend-person.ts'
import { reportCard, returnCard } from '../../functions/workflows/take-card-back.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import type { Contract } from '../../schemas/contract.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import { Settings, type TargetId } from '../../schemas/settings.ts'
import { linesOf } from '../servers/lines.ts'
import { openWorld } from '../servers/world.ts'
import type { Filed } from './clerk.ts'
import { openTownDoors, serials } from './doors.ts'
import { Killed, mortal } from './mortal.ts'
import { namesOf, nextNationalId, openUnit, planta } from './people.ts'

export const day = 86_400_000
export const units = ['dideco', 'finanzas'] as const
export const targets: readonly TargetId[] = ['directory', 'mail', 'erp', 'data-centre']
/** Those that a town has in memory. */
export const inMemory = ['directory', 'mail', 'erp'] as const satisfies TargetId[]
/** A place for everybody: how many key-holders there may be is another test's. */
const dataCentre = { ...Settings.parse(sample).dataCentre, keyHolders: 500 }
const leaves = [
  { id: 'feriado', name: 'Feriado legal', shuts: [] },
  { id: 'comision', name: 'Comisión de servicio', shuts: ['erp' as const] },
]

/** Everything that is on file about one person, as the test has done it. */
export interface Folder {
  readonly nationalId: string
  readonly personId: string
  readonly contract: Contract
  /** With the request it stands in. */
  readonly filed: { readonly line: Filed; readonly request: string }[]
  readonly told: HrEvent[]
  /** Who has placed what holds; the first instant at which one is over by itself. */
  readonly holds: { readonly by: string; readonly until: string | null }[]
  /** Observed lines that wait to be completed. */
  readonly observed: { readonly request: string; readonly line: Filed }[]
  /** Accepted lines, which the person may acknowledge or contest. */
  readonly accepted: string[]
  /** Lines that wait for the authority. */
  readonly awaiting: { readonly request: string; readonly line: string; readonly given: Filed }[]
  /** Numbers of all cards that were ever handed over. */
  readonly cards: string[]
}

/** What happened in all histories together. */
export const tally = new Map<string, number>()
export const count = (what: string): void => {
  tally.set(what, (tally.get(what) ?? 0) + 1)
}

export type Town = Awaited<ReturnType<typeof openTown>>

/** A world with units, a personnel office and a guard, in which histories happen. `cautious`: hardly anybody passes the guard. */
export async function openTown(cautious: boolean) {
  const guard = cautious ? { guard: { atLeast: 1, percent: 0 } } : {}
  const world = await openWorld({ settings: { ...guard, leaves, dataCentre } })
  const doors = openTownDoors(world)
  const lines = linesOf(world)
  const heads = new Map<string, string>()
  for (const unit of [...units, 'hr', 'seguridad', 'alcaldia']) {
    const head = await openUnit(world, unit)
    heads.set(unit, head)
    await lines.openUnit({ id: unit, name: unit, parent: null, head, deputies: [] })
  }
  const leader = (unit: string) => heads.get(unit) ?? ''
  for (const target of targets) demandIntents(target)

  /** From here on a target refuses to be touched by anything that is not, word for word, an open intent in the ledger. */
  function demandIntents(target: TargetId): void {
    const connector: Connector = world.connectors[target] ?? world.targets[target]
    const apply = connector.apply
    ;(connector as { apply: Connector['apply'] }).apply = async (plans: readonly Plan[]) => {
      for (const plan of plans) {
        const row = await world.row(plan.account.personId, target)
        if (JSON.stringify(row.openIntent?.steps) !== JSON.stringify(plan.steps))
          throw new Error('an act without its intent')
      }
      return apply(plans)
    }
  }

  const registers = lines.registers()
  const office = { personId: null, role: 'hr-system', onBehalfOf: null } as const
  const holding = { ...registers, holds: createHoldStore(world.tables, world.engine.settings), patience: 0 }

  return {
    world,
    lines,
    operator: { ...world.engine, identities: createIdentityStore(world.tables) },
    leader,
    leaves,
    cautious,
    doors,
    /** Of the body's own calendar: in winter its midnight is another one. */
    civil: (days: number) =>
      addDays(dayOf(new Date(world.time.now).toISOString(), world.engine.settings.timeZone), days),

    async newcomer(contract: Contract): Promise<Folder> {
      const nationalId = nextNationalId()
      const personId = await world.hire(nationalId, namesOf(nationalId), units[0], contract)
      const person = await world.engine.people.load(personId)
      const told = person?.events.map(({ receivedAt: _, ...event }): HrEvent => event) ?? []
      return {
        nationalId,
        personId,
        contract,
        filed: [],
        told,
        holds: [],
        ...{ observed: [], accepted: [], awaiting: [], cards: [] },
      }
    },

    /** Tells an event as the personnel system does. */
    async tell({ told }: Folder, event: HrEvent): Promise<void> {
      const answer = await recordHrEvent(registers, office, event)
      if ('refused' in answer) throw new Error(JSON.stringify(answer))
      if (told.some(({ id }) => id === event.id)) return count('told again')
      told.push(event)
      count(answer.status === 'stopped' ? 'stopped event' : event.type)
    },

    /** Tells a file of dismissals. */
    async dismiss(folders: readonly Folder[], effectiveOn: string): Promise<void> {
      const events = folders.map(
        ({ nationalId }): HrEvent => ({
          version: 1,
          id: crypto.randomUUID(),
          type: 'terminated',
          nationalId,
          effectiveOn,
          recordedAt: new Date(world.time.now).toISOString(),
        }),
      )
      const rows = events.map(({ id, type, nationalId, recordedAt }) =>
        [id, type, nationalId, effectiveOn, recordedAt].join(','),
      )
      const text = ['id,type,nationalId,effectiveOn,recordedAt', ...rows].join('\n')
      const answer = await recordHrEventFile(registers, office, text)
      if ('refused' in answer || answer.faults.length > 0) throw new Error(JSON.stringify(answer))
      for (const [index, folder] of folders.entries()) folder.told.push(...events.slice(index, index + 1))
      count('file')
      for (let stopped = answer.stopped ?? 0; stopped > 0; stopped--) count('stopped event')
    },

    async suspend(folder: Folder, by: string, kind: 'suspension' | 'sanction', until: string | null) {
      const sent = { kind, reason: 'Investigación interna.', ...(until !== null && { until }) }
      const caller = { personId: leader(by), roles: ['security' as const] }
      const answer = await suspendPerson(holding, caller, folder.nationalId, sent)
      if ('refused' in answer) throw new Error(JSON.stringify(answer))
      folder.holds.push({ by, until: answer.holds.at(-1)?.until ?? null })
      count(kind)
    },

    /** Ends what others have placed; nobody ends their own. */
    async free(folder: Folder, by: string): Promise<void> {
      const caller = { personId: leader(by), roles: ['security' as const] }
      const answer = await releasePerson(holding, caller, folder.nationalId)
      if ('refused' in answer) return count('release of one’s own refused')
      const left = folder.holds.filter(hold => hold.by === by)
      if (left.length < folder.holds.length) count('released person')
      folder.holds.splice(0, folder.holds.length, ...left)
    },

    /** One voice about each batch that waits; the last one may die over carrying it out, at a moment. */
    async judge(role: 'security' | 'authority', verdict: 'release' | 'discard', dies: number | null) {
      const list = await listBatches(world.engine, { state: 'held' })
      if ('refused' in list) throw new Error(list.refused)
      const life = dies === null ? null : mortal(world, dies)
      const personId = leader(role === 'security' ? 'seguridad' : 'alcaldia')
      for (const { id, listHash } of list.holds) {
        const judgement = { caller: { personId, roles: [role] }, id, listHash, verdict }
        try {
          const answer = await judgeBatch(life?.engine ?? world.engine, judgement)
          if (!('refused' in answer) && answer.state !== 'held') count(`${answer.state} batch`)
        } catch (error) {
          if (!(error instanceof Killed)) throw error
          count('died over a batch')
        }
      }
    },

    /** Answers every doorbell, and lets every device that is on the line talk, until nothing is left to do or to say. */
    async settle(): Promise<void> {
      for (let round = 0; round < 30; round++) {
        await world.settle()
        for (const serial of serials) await doors.talk(serial)
        if (world.rung.length === 0) return
      }
      throw new Error('the town does not settle')
    },

    /** The authority decides on what waits for it. */
    async decide(folder: Folder, decision: 'approve' | 'reject'): Promise<void> {
      const asked = folder.awaiting.shift()
      if (asked === undefined) return
      const { request: number, line, given } = asked
      const kept = (await world.engine.requests.load(number))?.lines.find(one => one.line === line)
      if (kept === undefined) throw new Error('no such line')
      const caller = { personId: leader('alcaldia'), roles: ['authority' as const] }
      const said = decision === 'approve' ? { decision } : { decision, comment: 'No corresponde.' }
      const answer = await decideLine(
        { ...world.engine, units: world.unitRegister },
        { caller, number, line, ifMatch: lineHash(kept), decision: said, repeatable: true },
      )
      if ('refused' in answer) return count(`decision refused: ${answer.refused}`)
      count(`door ${answer.status}`)
      if (answer.status !== 'accepted') return
      folder.filed.push({ line: given, request: number })
      folder.accepted.push(number)
    },

    /** What IT, the person and security do with cards; what is refused changes nothing. */
    async tend({ personId, nationalId, cards }: Folder, act: CardAct): Promise<void> {
      const it = { personId: leader('hr'), roles: ['it' as const] }
      const self = { personId, roles: [] }
      const card = act === 'hand over' ? `41${String(++lastCard).padStart(6, '0')}` : (cards.at(-1) ?? '')
      if (card === '') return
      const { registers } = doors
      const answer =
        act === 'hand over'
          ? await handOverCard(registers, it, nationalId, { card })
          : act === 'sign'
            ? await signReceipt(registers, self, { card, accepted: true })
            : act === 'return'
              ? await returnCard(registers, it, nationalId, { condition: 'returned' })
              : await reportCard(registers, self, nationalId, { kind: act, comment: 'En la calle.' })
      if (isRefusal(answer)) return count(`card: ${act} refused`)
      if (act === 'hand over') cards.push(card)
      count(`card: ${act}`)
    },

    async close(): Promise<void> {
      await doors.close()
      await world.close()
    },

    planta,
  }
}

export type CardAct = 'hand over' | 'sign' | 'return' | 'lost' | 'copied'
let lastCard = 0

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Caller } from '../../functions/domain/entitlement.ts'
import { isRefusal } from '../../functions/domain/refusal.ts'
import { doorKeys } from '../../functions/stores/door-keys.ts'
import { createHeadStore } from '../../functions/stores/heads.ts'
import { createHoldStore } from '../../functions/stores/holds.ts'
import { newId } from '../../functions/stores/ids.ts'
import { chains, windowShards } from '../../functions/stores/keys.ts'
import { completeTask } from '../../functions/workflows/complete-task.ts'
import { handOverCard } from '../../functions/workflows/hand-over-card.ts'
import { readBadge } from '../../functions/workflows/read-badge.ts'
import { signReceipt } from '../../functions/workflows/sign-receipt.ts'
import { suspendPerson } from '../../functions/workflows/suspend-person.ts'
import { reportCard, returnCard } from '../../functions/workflows/take-card-back.ts'
import { verifyLedger } from '../../functions/workflows/verify-ledger.ts'
import { type BadgeOffice, given, openBadgeOffice } from './badge-office.ts'
import { contrata, day, form, later, type Someone } from './office.ts'

let office: BadgeOffice
let cards = 4_100_000
const number = () => String(++cards)
beforeAll(async () => {
  office = await openBadgeOffice()
})
afterAll(() => office.world.close())
beforeEach(() => {
  office.world.rung.splice(0)
})

const newcomer = async (contract = contrata) =>
  office.letIn(await office.hire('Elena', 'Ñancucheo Díaz', 'dideco', contract), contract.endsOn)
const hand = (someone: Someone, card: string, by: Caller = office.it) =>
  handOverCard(office.registers, by, someone.id, { card })
const sign = (someone: Someone, card: string) =>
  signReceipt(office.registers, office.self(someone), { card, accepted: true })
const lose = (someone: Someone, kind: 'lost' | 'copied' = 'lost', by: Caller = office.self(someone)) =>
  reportCard(office.registers, by, someone.id, { kind, comment: 'En el bus.' })
const bring = (
  someone: Someone,
  condition: 'returned' | 'destroyed' | 'not-returned',
  comment = 'En la oficina.',
) => returnCard(office.registers, office.it, someone.id, { condition, comment })
const withCard = async () => {
  const someone = await newcomer()
  const card = number()
  given(await hand(someone, card))
  given(await sign(someone, card))
  await office.world.settle()
  return { someone, card }
}
const acts = async ({ personId }: Someone) =>
  (await office.world.entries(chains.badge(personId))).map(({ act, after }) => ({
    act,
    how: (after as { how?: string }).how,
  }))
const kinds = async (someone: Someone) => (await office.tasks(someone)).map(({ kind }) => kind)
const bell = ({ personId }: Someone) => ({ personId, target: 'data-centre', urgent: true })

describe('a card (R15)', () => {
  it('is asked of IT as soon as somebody may pass a door, and that task ends with the card', async () => {
    const someone = await newcomer()
    const [task, ...others] = await office.tasks(someone)
    expect([task?.kind, others]).toEqual(['card-handover', []])
    const { engine } = office.world
    expect(await completeTask(engine, office.it, task?.id ?? '', { done: true, evidence: 'Hecho.' })).toEqual(
      {
        refused: 'conflict',
        detail: 'task.of-card',
      },
    )
    given(await hand(someone, number()))
    expect(await office.tasks(someone)).toEqual([])
    expect(await engine.tasks.load(task?.id ?? '')).toMatchObject({
      outcome: 'done',
      closedBy: office.it.personId,
    })
  })

  it('is asked of IT once, however many workers look at the same time', async () => {
    const someone = await office.hire('Elena', 'Ñancucheo Díaz', 'dideco')
    given(await office.approve(await office.ask(someone)))
    await Promise.all(Array.from({ length: 6 }, () => office.world.converge(someone.personId, 'data-centre')))
    expect(await kinds(someone)).toEqual(['card-handover'])
    await office.world.settle()
  })

  it('goes with the person to another number at the doors', async () => {
    const { someone, card } = await withCard()
    const row = await office.world.row(someone.personId, 'data-centre')
    const { at, asOf, ...entry } = {
      at: new Date(office.world.time.now).toISOString(),
      asOf: new Date(office.world.time.now).toISOString(),
      act: 'account-renamed' as const,
      phase: 'recorded' as const,
      subject: someone.personId,
      actor: { personId: null, role: 'system', onBehalfOf: null },
      system: 'data-centre',
      request: null,
      cause: { kind: 'conflict', ref: 'data-centre' },
    }
    const renamed = { entry: { ...entry, at, asOf }, dueAt: at, quarantineOver: at }
    expect(await office.world.engine.people.rename(row, '1234567', renamed)).toBe(true)
    await office.world.settle()
    expect(await office.atTheDoors(doorKeys.card(row.name))).toMatchObject({ card: null })
    expect(await office.atTheDoors(doorKeys.card('1234567'))).toMatchObject({ card })
    given(await lose(someone))
    expect(await office.atTheDoors(doorKeys.card('1234567'))).toMatchObject({ card: null })
  })

  it('opens nothing until the person has signed, by what is printed on it (R11)', async () => {
    const someone = await newcomer()
    const card = number()
    given(await hand(someone, card))
    expect(await office.card(someone)).toBeUndefined()
    const told = given(await readBadge(office.registers, office.self(someone), someone.id))
    expect([told.card?.number, told.card?.receipt]).toEqual([null, null])
    expect(told.toAccept?.text).toContain('no la presto')

    expect(await sign(someone, '9999')).toMatchObject({ faults: [{ code: 'badge.other-card' }] })
    expect(await sign(someone, card.slice(-3))).toMatchObject({ faults: [{ code: 'badge.other-card' }] })
    expect(await office.card(someone)).toBeUndefined()
    const before = (await office.world.row(someone.personId, 'data-centre')).desiredVersion
    const signed = given(await sign(someone, card.slice(-4)))
    expect(signed.card).toMatchObject({ number: card, receipt: { text: { version: 1 } } })
    const row = await office.world.row(someone.personId, 'data-centre')
    expect(await office.card(someone)).toMatchObject({ pin: row.name, personId: someone.personId, card })
    expect(row).toMatchObject({ urgent: true, desiredVersion: before + 1, cause: { kind: 'badge' } })
    expect(office.world.rung).toEqual([bell(someone)])
  })

  it('that nobody signs for is brought up again every third day, until it is signed for or the access is over (R11)', async () => {
    const own = await openBadgeOffice()
    try {
      const someone = await own.letIn(
        await own.hire('Elena', 'Ñancucheo Díaz', 'dideco', contrata),
        '2026-12-31',
      )
      const card = number()
      const asked = async () =>
        (await own.world.dynamo.snapshot()).state?.filter(({ template }) => template?.S === 'card-receipt')
          .length
      const pass = async (days: number) => {
        own.world.time.now += days * day
        await own.world.settle()
      }
      given(await handOverCard(own.registers, own.it, someone.id, { card }))
      await pass(2)
      expect(await asked()).toBe(1)
      await pass(1)
      await own.world.converge(someone.personId, 'data-centre')
      expect(await asked()).toBe(2)
      await pass(4)
      expect(await asked()).toBe(3)
      given(await signReceipt(own.registers, own.self(someone), { card, accepted: true }))
      await pass(8)
      expect(await asked()).toBe(3)

      const other = await own.letIn(await own.hire('Iván', 'Saavedra Ruiz', 'dideco', contrata), '2026-12-31')
      given(await handOverCard(own.registers, own.it, other.id, { card: number() }))
      await own.happen(other, 'terminated')
      await pass(8)
      expect(await asked()).toBe(4)
    } finally {
      await own.world.close()
    }
  })

  it('is not signed for by guessing: after five wrong answers IT has to hand it over anew', async () => {
    const someone = await newcomer()
    const card = number()
    given(await hand(someone, card))
    for (let guess = 0; guess < 5; guess++)
      expect(await sign(someone, `999${guess}`)).toMatchObject({ faults: [{ code: 'badge.other-card' }] })
    const tooMany = { refused: 'conflict', detail: 'badge.too-many-tries' }
    expect([await sign(someone, card), await office.card(someone)]).toEqual([tooMany, undefined])
    given(await hand(someone, card))
    given(await sign(someone, card))
    expect(await acts(someone)).toEqual([{ act: 'card-handed-over' }, { act: 'card-acknowledged' }])
    for (let slip = 0; slip < 6; slip++)
      expect(await sign(someone, '9999')).toMatchObject({ faults: [{ code: 'badge.other-card' }] })
    expect(isRefusal(await sign(someone, card))).toBe(false)
  })

  it('is signed for once, however often it is asked for', async () => {
    const { someone, card } = await withCard()
    const first = given(await sign(someone, card))
    office.world.time.now += 1000
    const answers = await Promise.all([sign(someone, card), sign(someone, card.slice(-5))])
    expect(answers).toEqual([first, first])
    expect(await acts(someone)).toEqual([{ act: 'card-handed-over' }, { act: 'card-acknowledged' }])
  })

  it('is in nobody’s ledger and log by its number', async () => {
    const { someone, card } = await withCard()
    given(await lose(someone))
    const entries = JSON.stringify(await office.world.entries(chains.badge(someone.personId)))
    expect(entries).not.toContain(card)
    expect(entries).not.toContain('En el bus')
  })

  it('goes to one of two to whom it is handed at once', async () => {
    const someones = [await newcomer(), await newcomer(), await newcomer()]
    const card = number()
    const answers = await Promise.all(someones.map(someone => hand(someone, card)))
    expect(answers.filter(answer => !isRefusal(answer))).toHaveLength(1)
    for (const answer of answers.filter(isRefusal))
      expect(answer).toEqual({ refused: 'conflict', detail: 'badge.card-taken' })
  })

  it('is handed to nobody who may pass no door, nor beside another one, nor to oneself', async () => {
    const stranger = await office.hire('Iván', 'Saavedra Ruiz', 'dideco')
    expect(await hand(stranger, number())).toMatchObject({ detail: 'badge.no-account' })
    const { someone } = await withCard()
    expect(await hand(someone, number())).toMatchObject({ detail: 'badge.has-card' })
    const other = await newcomer()
    const own = { personId: other.personId, roles: ['it' as const] }
    expect(await hand(other, number(), own)).toMatchObject({ detail: 'badge.oneself' })
    expect(await hand(other, number(), { ...office.security })).toEqual({ refused: 'not-found' })
  })

  it('may be corrected until somebody has signed, and the wrong one is free again', async () => {
    const [someone, other] = [await newcomer(), await newcomer()]
    const [wrong, right] = [number(), number()]
    given(await hand(someone, wrong))
    const view = given(await hand(someone, right))
    expect(view.former.map(({ number: former, gone }) => [former, gone.how])).toEqual([[wrong, 'corrected']])
    expect(given(await hand(other, wrong)).card?.number).toBe(wrong)
    expect(await sign(someone, wrong)).toMatchObject({ faults: [{ code: 'badge.other-card' }] })
    given(await sign(someone, right))
  })

  it('that changes is no drift of the account', async () => {
    const { someone, card } = await withCard()
    const account = [...office.world.targets['data-centre'].accounts.values()].find(
      ({ owner }) => owner === someone.id.replace(/\./g, ''),
    )
    const [id, right] = [...(account?.rights ?? [])][0] ?? []
    given(await lose(someone))
    // As the doors tell of one that shows another card than it should.
    if (id !== undefined && right !== undefined) account?.rights.set(id, { ...right, specific: ['card'] })
    await office.world.settle()
    expect(account?.rights.get(id ?? '')?.specific).toEqual([])
    const entries = await office.world.entries(chains.target(someone.personId, 'data-centre'))
    expect(entries.map(({ act }) => act)).not.toContain('drift-found')
    expect(card).not.toBe('')
  })
})

describe('a lost card', () => {
  it('opens nothing from the same moment on, is on the blacklist for good, and security is told', async () => {
    const { someone, card } = await withCard()
    office.world.rung.splice(0)
    office.world.mails.splice(0)
    given(await lose(someone))
    expect(await office.card(someone)).toMatchObject({ card: null })
    expect(await office.atTheDoors(doorKeys.lostCard(card))).toMatchObject({ personId: someone.personId })
    expect(office.world.rung).toEqual([bell(someone)])
    expect(await hand(await newcomer(), card)).toMatchObject({ detail: 'badge.card-gone' })
    expect(await hand(someone, card)).toMatchObject({ detail: 'badge.card-gone' })
    await office.world.settle()
    expect(await kinds(someone)).toEqual(['card-handover'])
    await later(office.world, 0)
    expect(office.world.mails.map(({ subject }) => subject)).toContain(
      'Tarjeta del centro de datos bloqueada por pérdida',
    )
    expect(await lose(someone)).toMatchObject({ detail: 'badge.no-card' })
    const next = number()
    given(await hand(someone, next))
    given(await sign(someone, next))
    expect(await office.card(someone)).toMatchObject({ card: next })
  })

  it('is reported by the person, IT or security, and to anybody else the person is unknown', async () => {
    for (const by of [office.it, office.security]) {
      const { someone } = await withCard()
      expect(isRefusal(await lose(someone, 'lost', by))).toBe(false)
    }
    const { someone } = await withCard()
    for (const by of [office.self(office.head), { ...office.authority }])
      expect(await lose(someone, 'lost', by)).toEqual({ refused: 'not-found' })
    expect(await readBadge(office.registers, office.self(office.head), someone.id)).toEqual({
      refused: 'not-found',
    })
  })

  it('that is being signed for ends blocked, or signed for and then blocked, and never opens', async () => {
    for (let round = 0; round < 8; round++) {
      const someone = await newcomer()
      const card = number()
      given(await hand(someone, card))
      const [lost, signed] = await Promise.all([lose(someone), sign(someone, card)])
      given(lost)
      if (isRefusal(signed)) expect(signed).toMatchObject({ detail: 'badge.no-card' })
      expect((await office.card(someone))?.card ?? null).toBeNull()
      expect(await office.atTheDoors(doorKeys.lostCard(card))).toBeDefined()
    }
  })

  it('of which somebody has made a copy raises an alarm, once, and tells security (R18)', async () => {
    const { someone, card } = await withCard()
    office.world.mails.splice(0)
    given(await lose(someone, 'copied'))
    given(await lose(someone, 'copied'))
    const alarms = (await office.alarms()).filter(alarm => alarm?.personId === someone.personId)
    expect(alarms).toMatchObject([{ kind: 'unauthorised-copy', serial: null }])
    expect(JSON.stringify(alarms)).not.toContain(card)
    expect(await office.atTheDoors(doorKeys.lostCard(card))).toBeDefined()
    await later(office.world, 0)
    const copied = office.world.mails.filter(({ subject }) => subject.startsWith('Copia no autorizada'))
    expect(copied).toHaveLength(1)
    expect(await acts(someone)).toMatchObject([{}, {}, { how: 'copied' }, { how: 'copied' }])
  })
})

describe('a card of somebody who leaves (R15)', () => {
  it('is asked back until it is there, and is then free for somebody else', async () => {
    const { someone, card } = await withCard()
    await office.happen(someone, 'terminated')
    office.world.time.now += day
    await office.world.settle()
    const [task] = await office.tasks(someone)
    expect([task?.kind, task?.name]).toEqual([
      'card-return',
      (await office.world.row(someone.personId, 'data-centre')).name,
    ])
    given(await bring(someone, 'returned'))
    expect(await office.tasks(someone)).toEqual([])
    expect(await office.world.engine.tasks.load(task?.id ?? '')).toMatchObject({ outcome: 'done' })
    await office.world.settle()
    expect(await office.tasks(someone)).toEqual([])
    given(await hand(await newcomer(), card))
  })

  it('is asked back when a form ends the last door, and while the doors answer nobody', async () => {
    const { someone } = await withCard()
    office.world.targets['data-centre'].fault = { kind: 'unreachable', retryable: true }
    const away = { nationalId: someone.id, access: { system: 'data-centre' } }
    await office.world.submit(office.head.personId, form([], [away]))
    await office.world.converge(someone.personId, 'data-centre')
    expect(await kinds(someone)).toEqual(['card-return'])
    office.world.targets['data-centre'].fault = null
    await office.world.settle()
  })

  it('stays with whoever is suspended or on leave', async () => {
    const { someone } = await withCard()
    await office.happen(someone, 'leave-started')
    await office.world.settle()
    expect(await kinds(someone)).toEqual([])
    const { someone: other } = await withCard()
    const suspension = {
      ...office.registers,
      units: office.world.unitRegister,
      holds: createHoldStore(office.world.tables, office.world.engine.settings),
      patience: 0,
    }
    await suspendPerson(suspension as never, office.security, other.id, { reason: 'Sumario.' })
    await office.world.settle()
    expect(await kinds(other)).toEqual([])
    expect(await office.card(other)).not.toMatchObject({ card: null })
  })

  it('is theirs again when they come back before it was returned', async () => {
    const { someone, card } = await withCard()
    const away = { nationalId: someone.id, access: { system: 'data-centre' } }
    await office.world.submit(office.head.personId, form([], [away]))
    await office.world.settle()
    expect(await kinds(someone)).toEqual(['card-return'])
    await office.letIn(someone, contrata.endsOn)
    expect(await kinds(someone)).toEqual([])
    expect(await office.card(someone)).toMatchObject({ card })
  })

  it('that is not brought back is as a lost one, and a destroyed one is given to nobody', async () => {
    const { someone, card } = await withCard()
    given(await bring(someone, 'not-returned', 'No contesta.'))
    expect(await office.atTheDoors(doorKeys.lostCard(card))).toBeDefined()
    const { someone: other, card: broken } = await withCard()
    given(await bring(other, 'destroyed'))
    expect(await office.card(other)).toMatchObject({ card: null })
    expect(await office.atTheDoors(doorKeys.lostCard(broken))).toBeUndefined()
    const third = await newcomer()
    for (const one of [card, broken])
      expect(await hand(third, one)).toMatchObject({ detail: 'badge.card-gone' })
    // They may still pass the door: they need another one.
    await office.world.settle()
    expect([await kinds(someone), await kinds(other)]).toEqual([['card-handover'], ['card-handover']])
  })

  it('is proven to be gone from the doors by what was read back (Ley 21.719)', async () => {
    const { someone } = await withCard()
    const read = async () => given(await readBadge(office.registers, office.security, someone.id)).withdrawn
    expect(await read()).toBeNull()
    const away = { nationalId: someone.id, access: { system: 'data-centre' } }
    await office.world.submit(office.head.personId, form([], [away]))
    await office.world.settle()
    const entries = await office.world.entries(chains.target(someone.personId, 'data-centre'))
    expect(await read()).toEqual({ at: entries.at(-1)?.at, entry: entries.at(-1)?.id })
    expect(entries.at(-1)).toMatchObject({ phase: 'succeeded', evidence: { readBack: true } })
  })
})

describe('the chains of badges', () => {
  it('are verified with all others, and miss nothing', async () => {
    const { world } = office
    const body = { body: async () => ({ foundedAt: new Date(world.time.now).toISOString() }) }
    const registers = {
      ...office.registers,
      identities: body,
      units: world.unitRegister,
      visits: world.visits,
      heads: createHeadStore(world.tables),
      newId,
      chains,
      windowShards,
    }
    expect(await verifyLedger(registers as never)).toMatchObject({ ok: true, faults: [] })
    const { someone } = await withCard()
    const heads = await createHeadStore(world.tables).of([chains.badge(someone.personId)])
    expect([...heads.values()]).toMatchObject([{ sequence: 2 }])
  })
})

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isRefusal } from '../../functions/domain/refusal.ts'
import { issueCode } from '../../functions/workflows/issue-code.ts'
import { setCredential } from '../../functions/workflows/set-credential.ts'
import type { TargetId } from '../../schemas/settings.ts'
import { accesses, activation, formOf, namesOf, nextNationalId, openUnit, planta } from '../chaos/people.ts'
import { tell } from '../servers/personnel.ts'
import { openWorld, type World } from '../servers/world.ts'

const unit = 'dideco'
const password = 'Ñandú-42-verde-olivo'

let world: World
let head: string
let desk: string
beforeAll(async () => {
  world = await openWorld()
  head = await openUnit(world, unit)
  desk = await world.hire(nextNationalId(), { givenNames: 'Inés', surnames: 'Mesa Ayuda' }, unit, planta)
})
afterAll(() => world.close())
afterEach(() => {
  for (const target of Object.values(world.targets))
    Object.assign(target, { fault: null, policy: null, beforePassword: () => {} })
})

const codesKey = async () => 'k'.repeat(64)
const targets = ['directory', 'mail', 'erp'] as const

/** Somebody with an account wherever one is named. */
async function employee(where: readonly TargetId[] = targets) {
  const nationalId = nextNationalId()
  const personId = await world.hire(nationalId, namesOf(nationalId), unit, planta)
  await world.submit(
    head,
    formOf(
      unit,
      where.map(target => activation(nationalId, accesses[target])),
    ),
  )
  await world.settle()
  // Nobody's hour is spent by an earlier test.
  return { nationalId, personId }
}

const set = (
  personId: string,
  target: TargetId = 'directory',
  sent: { password?: string; code?: string } = {},
  settings = world.engine.settings,
) =>
  setCredential(
    { ...world.engine, settings, target, connector: async () => world.targets[target], codesKey },
    { caller: { personId, roles: [] }, password: sent.password ?? password, code: sent.code ?? null },
  )

const strict = () => ({
  ...world.engine.settings,
  credentials: { ...world.engine.settings.credentials, codeRequired: true },
})

async function codeFor(nationalId: string): Promise<string> {
  const issued = await issueCode({ ...world.engine, codesKey }, { personId: desk, roles: ['it'] }, nationalId)
  if (isRefusal(issued)) throw new Error(issued.refused)
  return issued.code
}

const accountOf = (nationalId: string, target: TargetId = 'directory') =>
  [...world.targets[target].accounts.values()].find(({ owner }) => owner === nationalId)
const told = async (personId: string) =>
  (await world.entries(`credentials/${personId}`)).map(({ act, phase }) => `${act} ${phase}`)
const everyItem = async () => JSON.stringify(await world.dynamo.snapshot())

describe('setting the password of one’s own account', () => {
  it('sets it, with its intent, its outcome and the acknowledgement of delivery', async () => {
    const { nationalId, personId } = await employee()
    for (const target of targets) {
      expect(await set(personId, target)).toMatchObject({ system: target, proof: 'identity' })
      expect(accountOf(nationalId, target)?.password).toBe(password)
      const at = (await world.row(personId, target)).credentialSetAt
      expect(at).toBe(new Date(world.time.now).toISOString())
    }
    const one = ['credential-set intended', 'credential-set succeeded', 'credential-delivered recorded']
    expect(await told(personId)).toEqual([...one, ...one, ...one])
    const delivered = (await world.entries(`credentials/${personId}`)).filter(
      ({ act }) => act === 'credential-delivered',
    )
    expect(delivered.map(({ system, after, actor, subject }) => ({ system, after, actor, subject }))).toEqual(
      targets.map(system => ({
        system,
        after: { accountId: accountOf(nationalId, system)?.accountId, proof: 'identity' },
        actor: { personId, role: 'self', onBehalfOf: null },
        subject: personId,
      })),
    )
  })

  it('leaves the password in no row, no entry and no answer', async () => {
    const { personId } = await employee(['directory'])
    const secret = 'Quilapayún-77-no-se-guarda'
    const answers = [await set(personId, 'directory', { password: secret })]
    world.targets.directory.policy = 'used-before'
    answers.push(await set(personId, 'directory', { password: secret }))
    Object.assign(world.targets.directory, {
      policy: null,
      fault: { kind: 'unreachable', retryable: true, after: true },
    })
    answers.push(await set(personId, 'directory', { password: secret }))
    expect(JSON.stringify(answers)).not.toContain('Quilapay')
    expect(await everyItem()).not.toContain('Quilapay')
  })

  it('says in the person’s words what the target’s policy refuses, and keeps no hint of it', async () => {
    const { nationalId, personId } = await employee(['directory'])
    for (const why of ['too-short', 'contains-name', 'policy'] as const) {
      world.targets.directory.policy = why
      expect(await set(personId)).toEqual({ refused: 'password-refused', detail: `password.${why}` })
    }
    expect(accountOf(nationalId)?.password).toBeUndefined()
    expect((await world.row(personId, 'directory')).credentialSetAt).toBeNull()
    const entries = await world.entries(`credentials/${personId}`)
    expect(entries.map(({ phase }) => phase)).toEqual(Array(3).fill(['intended', 'failed']).flat())
    expect(JSON.stringify(entries)).not.toMatch(/too-short|contains-name/)
  })

  it('tries nothing while the target is down, and says when to come again', async () => {
    const { personId } = await employee(['directory'])
    world.targets.directory.fault = { kind: 'unreachable', retryable: true }
    expect(await set(personId)).toEqual({
      refused: 'busy',
      detail: 'credential.unreachable',
      retryAfter: 30,
    })
    expect(await told(personId)).toEqual([])
  })

  it('says that nobody knows when the target falls silent in the middle', async () => {
    const { personId } = await employee(['directory'])
    world.targets.directory.beforePassword = () => {
      world.targets.directory.fault = { kind: 'unreachable', retryable: true, after: true }
    }
    expect(await set(personId)).toMatchObject({ refused: 'busy', detail: 'credential.unknown' })
    expect(await told(personId)).toEqual(['credential-set intended', 'credential-set unknown'])
    expect((await world.row(personId, 'directory')).credentialSetAt).toBeNull()
  })

  it('gives an outcome to what broke off, also when nobody comes again', async () => {
    const { personId } = await employee(['directory'])
    world.targets.directory.beforePassword = () => {
      throw new Error('the function dies')
    }
    await expect(set(personId)).rejects.toThrow('the function dies')
    world.targets.directory.beforePassword = () => {}
    expect(await set(personId)).toMatchObject({ refused: 'busy', detail: 'credential.at-work' })
    world.time.now += 61_000
    await world.settle()
    expect(await told(personId)).toEqual(['credential-set intended', 'credential-set unknown'])
    expect(await set(personId)).toMatchObject({ system: 'directory' })
  })

  it('is one at a time for a person: two at once are told apart, and both are recorded whole', async () => {
    const { personId } = await employee(['directory', 'mail'])
    const answers = await Promise.all([set(personId, 'directory'), set(personId, 'mail')])
    expect(answers.filter(answer => 'system' in answer)).toHaveLength(2)
    expect((await told(personId)).filter(one => one === 'credential-delivered recorded')).toHaveLength(2)
  })

  it('goes to the target ten times an hour at most', async () => {
    const { personId } = await employee(['directory'])
    for (let call = 0; call < 10; call++) expect(await set(personId)).toMatchObject({ system: 'directory' })
    world.time.now += 600_000
    expect(await set(personId)).toEqual({
      refused: 'too-many',
      detail: 'credential.too-many',
      retryAfter: 3000,
    })
    world.time.now += 3_000_000
    expect(await set(personId)).toMatchObject({ system: 'directory' })
  })
})

describe('who may not set a password', () => {
  it('is somebody without an account there, or whose account is closed, held, parked or not made yet', async () => {
    const { nationalId, personId } = await employee(['directory'])
    expect(await set(personId, 'mail')).toEqual({ refused: 'conflict', detail: 'credential.no-account' })
    await world.submit(head, formOf(unit, [activation(nationalId, accesses.erp)]))
    expect(await set(personId, 'erp')).toEqual({ refused: 'conflict', detail: 'credential.not-yet' })
    world.targets.erp.fault = { kind: 'refused', retryable: false }
    await world.settle()
    expect(await set(personId, 'erp')).toEqual({ refused: 'conflict', detail: 'credential.in-review' })
    await world.submit(head, formOf(unit, [], [{ nationalId, access: { system: 'directory' } }]))
    expect(await set(personId)).toEqual({ refused: 'conflict', detail: 'credential.closed' })
    await world.settle()
    expect(await set(personId)).toEqual({ refused: 'conflict', detail: 'credential.closed' })
    expect(await told(personId)).toEqual([])
  })

  it('is somebody on leave', async () => {
    const { nationalId, personId } = await employee(['directory'])
    await tell(world.engine, {
      version: 1,
      id: crypto.randomUUID(),
      type: 'leave-started',
      nationalId,
      effectiveOn: '2026-11-20',
      recordedAt: new Date(world.time.now).toISOString(),
    })
    expect(await set(personId)).toEqual({ refused: 'conflict', detail: 'credential.held' })
  })

  it('is somebody whose account was closed by hand a moment ago', async () => {
    const { nationalId, personId } = await employee(['directory'])
    const account = accountOf(nationalId)
    if (account !== undefined) account.enabled = false
    expect(await set(personId)).toEqual({ refused: 'conflict', detail: 'credential.closed' })
  })

  it('is everybody while the target rests', async () => {
    const { personId } = await employee(['directory'])
    const settings = structuredClone(world.engine.settings)
    for (const target of settings.targets) target.mode = 'paused'
    expect(await set(personId, 'directory', {}, settings)).toMatchObject({ detail: 'credential.resting' })
  })
})

describe('the help desk’s one-time code', () => {
  it('is consumed together with the acknowledgement, and good for one password', async () => {
    const { nationalId, personId } = await employee(['directory', 'mail'])
    const code = await codeFor(nationalId)
    expect(await set(personId, 'directory', {}, strict())).toEqual({
      refused: 'code-refused',
      detail: 'code.missing',
    })
    const typed = code.toLowerCase().replaceAll('-', ' ')
    expect(await set(personId, 'directory', { code: typed }, strict())).toMatchObject({ proof: 'code' })
    expect(await set(personId, 'mail', { code }, strict())).toEqual({ refused: 'code-refused' })
    expect(await told(personId)).toEqual([
      'code-issued recorded',
      'credential-set intended',
      'credential-set succeeded',
      'credential-delivered recorded',
      'code-consumed recorded',
    ])
    expect(await everyItem()).not.toContain(code)
  })

  it('is void after five wrong answers, though the sixth were right', async () => {
    const { nationalId, personId } = await employee(['directory'])
    const code = await codeFor(nationalId)
    for (let attempt = 0; attempt < 5; attempt++)
      expect(await set(personId, 'directory', { code: 'AAAA-AAAA-AAAA' })).toEqual({
        refused: 'code-refused',
      })
    expect(await set(personId, 'directory', { code })).toEqual({ refused: 'code-refused' })
    expect((await told(personId)).filter(one => one === 'code-failed recorded')).toHaveLength(5)
    expect(accountOf(nationalId)?.password).toBeUndefined()
  })

  it('must be right where it is given, though nobody asked for it', async () => {
    const { personId } = await employee(['directory'])
    expect(await set(personId, 'directory', { code: 'AAAA-AAAA-AAAA' })).toEqual({ refused: 'code-refused' })
  })

  it('ends after 72 hours', async () => {
    const { nationalId, personId } = await employee(['directory'])
    const code = await codeFor(nationalId)
    world.time.now += 72 * 3_600_000
    expect(await set(personId, 'directory', { code })).toEqual({ refused: 'code-refused' })
  })

  it('is void as soon as there is a new one', async () => {
    const { nationalId, personId } = await employee(['directory'])
    const [old, code] = [await codeFor(nationalId), await codeFor(nationalId)]
    expect(await set(personId, 'directory', { code: old })).toEqual({ refused: 'code-refused' })
    expect(await set(personId, 'directory', { code })).toMatchObject({ proof: 'code' })
  })

  it('stays good when the target refuses the password, is down, or falls silent', async () => {
    const { nationalId, personId } = await employee(['directory'])
    const code = await codeFor(nationalId)
    world.targets.directory.policy = 'too-simple'
    expect(await set(personId, 'directory', { code })).toMatchObject({ refused: 'password-refused' })
    world.targets.directory.policy = null
    for (const after of [false, true]) {
      world.targets.directory.fault = { kind: 'unreachable', retryable: true, after }
      expect(await set(personId, 'directory', { code })).toMatchObject({ refused: 'busy' })
    }
    world.targets.directory.fault = null
    expect(await set(personId, 'directory', { code })).toMatchObject({ proof: 'code' })
  })

  it('is given to nobody by themselves, and for nobody who is unknown', async () => {
    const { nationalId, personId } = await employee(['directory'])
    const ask = (caller: string, id: string) =>
      issueCode({ ...world.engine, codesKey }, { personId: caller, roles: ['it'] }, id)
    expect(await ask(personId, nationalId)).toMatchObject({ refused: 'forbidden' })
    expect(await ask(desk, nextNationalId())).toEqual({ refused: 'not-found' })
  })
})

describe('a password that the person has set', () => {
  it('is touched by no retry, no closing and no opening again', async () => {
    const { nationalId, personId } = await employee(['directory'])
    await set(personId)
    const { credentialSetAt } = await world.row(personId, 'directory')
    await world.submit(head, formOf(unit, [], [{ nationalId, access: { system: 'directory' } }]))
    world.targets.directory.fault = { kind: 'unreachable', retryable: true, after: true }
    await world.settle()
    world.targets.directory.fault = null
    world.time.now += 120_000
    await world.settle()
    expect(accountOf(nationalId)).toMatchObject({ enabled: false, password })
    await world.submit(head, formOf(unit, [activation(nationalId, accesses.directory)]))
    await world.settle()
    expect(accountOf(nationalId)).toMatchObject({ enabled: true, password })
    expect((await world.row(personId, 'directory')).credentialSetAt).toBe(credentialSetAt)
  })

  it('is no longer said to be set once the account had to be made anew', async () => {
    const { nationalId, personId } = await employee(['directory'])
    await set(personId)
    world.targets.directory.accounts.delete(accountOf(nationalId)?.accountId ?? '')
    await world.converge(personId, 'directory')
    expect(accountOf(nationalId)?.password).toBeUndefined()
    expect((await world.row(personId, 'directory')).credentialSetAt).toBeNull()
  })
})

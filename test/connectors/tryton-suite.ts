import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccountPage, Connector, ListedAccount, Plan } from '../../functions/connectors/contract.ts'
import { createTrytonConnector } from '../../functions/connectors/tryton/index.ts'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import type { Right, Step } from '../../schemas/target.ts'
import type { Rpc } from '../servers/tryton/rpc.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import type { Sample } from './harness.ts'
import { samplePerson } from './sample-people.ts'
import { openTryton, type TrytonHarness } from './tryton-harness.ts'

const secretWord = 'Quillay-y-boldo-2026'

/** What only a Tryton can show: its sessions, its passwords, its groups, its locks. */
export function describeTryton(title: string): void {
  describe(title, () => {
    let harness: TrytonHarness
    let connector: Connector
    let admin: Rpc
    beforeAll(async () => {
      harness = await openTryton()
      connector = harness.connector
      admin = await harness.server.asAdmin()
    })
    afterAll(async () => harness?.close())

    const opening = (): Step[] => [
      { act: 'create' },
      ...harness.rights.map(right => ({ act: 'grant', right }) as const),
      { act: 'enable' },
    ]
    const opened = () => bring(connector, samplePerson(harness), opening())
    const setPassword = (sample: Sample, password: string) =>
      connector.setPassword?.(sample.account, password).then(resultOf)
    const works = (session: Rpc) =>
      session.call('model.res.user.get_preferences', true, {}).then(
        () => true,
        () => false,
      )
    const groupId = async (name: string) => {
      const [row] = await harness.server.query('SELECT id FROM res_group WHERE name = $1', [name])
      return Number(row?.id)
    }

    describe('a person’s way in', () => {
      it('is closed before they have set a password, open after, closed after the deactivation and open again', async () => {
        const { sample } = await opened()
        const login = sample.account.name
        expect(await harness.server.login(login, '')).toBeNull()
        expect(await setPassword(sample, secretWord)).toEqual({ set: true })
        expect(await harness.server.login(login, secretWord)).not.toBeNull()
        await bring(connector, sample, [{ act: 'disable' }])
        expect(await harness.server.login(login, secretWord)).toBeNull()
        await bring(connector, sample, [{ act: 'enable' }])
        expect(await harness.server.login(login, secretWord)).not.toBeNull()
      })

      it('ends with the deactivation also where it is open', async () => {
        const { sample } = await opened()
        await setPassword(sample, secretWord)
        const session = await harness.server.login(sample.account.name, secretWord)
        if (session === null) throw new Error('no session')
        expect(await works(session)).toBe(true)
        const { observed } = await bring(connector, sample, [{ act: 'disable' }])
        expect(observed).toMatchObject({ state: 'disabled', sessionsOpen: false })
        expect(await works(session)).toBe(false)
      })

      it('ends also where somebody closed the account by hand and its sessions lived on', async () => {
        const { sample } = await opened()
        await setPassword(sample, secretWord)
        const session = await harness.server.login(sample.account.name, secretWord)
        if (session === null) throw new Error('no session')
        // Tryton's own administrator does not see the sessions of others, and leaves them open.
        await admin.call('model.res.user.write', [session.uid], { active: false }, {})
        expect(await works(session)).toBe(true)
        expect(await observeOne(connector, sample.account)).toMatchObject({
          state: 'disabled',
          sessionsOpen: true,
        })
        const { observed } = await bring(connector, sample, [{ act: 'end-sessions' }])
        expect(observed).toMatchObject({ state: 'disabled', sessionsOpen: false })
        expect(await works(session)).toBe(false)
      })

      it('ends for applications that enter in the person’s name', async () => {
        const { sample } = await opened()
        await harness.server.query(
          `INSERT INTO res_user_application (key, "user", state) VALUES ($1, $2, 'validated')`,
          [sample.account.name, sample.account.accountId],
        )
        const { observed } = await bring(connector, sample, [{ act: 'disable' }])
        expect(observed.sessionsOpen).toBe(false)
        const left = await harness.server.query('SELECT 1 FROM res_user_application WHERE key = $1', [
          sample.account.name,
        ])
        expect(left).toEqual([])
      })
    })

    describe('a password', () => {
      it('is refused in words that tell why, and the old one stays', async () => {
        const { sample } = await opened()
        await setPassword(sample, secretWord)
        for (const [password, why] of [
          ['corta', 'too-short'],
          ['aaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'too-simple'],
          ['xxxxxxxxxx', 'too-simple'],
          [`${sample.profile.givenNames} ${sample.profile.surnames}`, 'contains-name'],
        ])
          expect(await setPassword(sample, password ?? ''), why).toEqual({ set: false, why })
        expect(await harness.server.login(sample.account.name, secretWord)).not.toBeNull()
      })

      it('is never set anew by a repeat or a reactivation', async () => {
        const { sample, observed } = await opened()
        await setPassword(sample, secretWord)
        for (const steps of [opening(), [{ act: 'disable' }] as Step[], opening()])
          resultOf((await connector.apply([{ ...sample, observed, steps }]))[0])
        expect(await harness.server.login(sample.account.name, secretWord)).not.toBeNull()
      })

      it('neither opens a closed account nor is it set for somebody else’s', async () => {
        const { sample } = await bring(connector, samplePerson(harness), [{ act: 'create' }])
        expect(await setPassword(sample, secretWord)).toEqual({ set: true })
        expect(await harness.server.login(sample.account.name, secretWord)).toBeNull()
        const other = samplePerson(harness)
        await harness.plantForeign(other.account.name)
        const answer = await connector.setPassword?.(other.account, secretWord)
        expect(errorOf(answer).kind).toBe('conflict')
      })
    })

    describe('a right', () => {
      it('that the groups cannot hold as narrow as it is, is not given; all else is, and a human is asked', async () => {
        const narrow: Right[] = [
          { id: 'bodega', operations: [], specific: ['solo piso 2'], until: null },
          { id: 'tesoreria', operations: ['ingreso'], specific: [], until: null },
          { id: 'patentes-municipales', operations: [], specific: [], until: null },
        ]
        for (const right of narrow) {
          const sample = samplePerson(harness)
          const steps: Step[] = [
            { act: 'create' },
            { act: 'grant', right },
            {
              act: 'grant',
              right: { id: 'contabilidad-gubernamental', operations: [], specific: [], until: null },
            },
            { act: 'enable' },
          ]
          const [outcome] = await connector.apply([{ ...sample, observed: absentAccount, steps }])
          expect(errorOf(outcome)).toMatchObject({ kind: 'misconfigured', retryable: false })
          const observed = await observeOne(connector, sample.account)
          expect(observed.state).toBe('enabled')
          expect(observed.rights.map(held => held.id)).toEqual(['contabilidad-gubernamental'])
        }
      })

      it('that lost one of its groups by hand shows as another, and one grant makes it whole', async () => {
        const { sample } = await opened()
        const id = Number(sample.account.accountId)
        const group = await groupId('Tesorería: cajas')
        await admin.call('model.res.user.write', [id], { groups: [['remove', [group]]] }, {})
        const seen = await observeOne(connector, sample.account)
        expect(seen.rights).not.toEqual(harness.rights)
        expect(seen.rights.map(held => held.id)).toContain('tesoreria')
        const { observed } = await bring(
          connector,
          sample,
          harness.rights.map(right => ({ act: 'grant', right })),
        )
        expect(observed.rights).toEqual(harness.rights)
      })

      it('whose group is missing in the ERP is a fault of the installation, for everybody and before anything is done', async () => {
        const settings = { ...harness.settings, modules: { ...harness.settings.modules } }
        settings.modules.bienes = {
          consulta: ['Bienes: no existe'],
          ingreso: [],
          modificacion: [],
          eliminacion: [],
        }
        const mistaken = createTrytonConnector(settings, harness.secret)
        const sample = samplePerson(harness)
        const plan: Plan = { ...sample, observed: absentAccount, steps: opening() }
        const outcomes = [
          (await mistaken.observe([sample.account]))[0],
          (await mistaken.apply([plan]))[0],
        ].map(outcome => errorOf<unknown>(outcome))
        for (const error of outcomes) expect(error).toMatchObject({ kind: 'misconfigured', retryable: true })
        expect(await harness.look(sample.account.name)).toEqual([])
        await mistaken.close()
      })
    })

    describe('whose an account is', () => {
      it('stands where users cannot write it', async () => {
        const { sample } = await opened()
        await setPassword(sample, secretWord)
        const session = await harness.server.login(sample.account.name, secretWord)
        const mark = { fs_id: 'x', module: 'llavero', model: 'res.user', db_id: session?.uid }
        await expect(session?.call('model.ir.model.data.create', [mark], {})).rejects.toThrow('not allowed')
      })

      it('is told by the mark, under whatever login', async () => {
        const { sample } = await opened()
        const id = Number(sample.account.accountId)
        await admin.call('model.res.user.write', [id], { login: `${sample.account.name}x` }, {})
        const observed = await observeOne(connector, { ...sample.account, accountId: null })
        expect(observed).toMatchObject({ accountId: String(id), name: `${sample.account.name}x` })
      })

      it('is settled when a creation broke off before the mark', async () => {
        const sample = samplePerson(harness)
        const service = await harness.server.login(harness.secret.user, harness.secret.password)
        await service?.call('model.res.user.create', [{ login: sample.account.name, active: false }], {})
        const { observed } = await bring(connector, sample, opening())
        expect(observed).toMatchObject({ state: 'enabled', rights: harness.rights })
        expect(await harness.look(sample.account.name)).toHaveLength(1)
      })

      it('is not told by a number that a restored server has given to somebody else', async () => {
        const [first, second] = [await opened(), await opened()]
        const stale = { ...first.sample.account, accountId: second.sample.account.accountId }
        expect((await observeOne(connector, stale)).accountId).toBe(first.sample.account.accountId)
        expect(
          (
            await observeOne(connector, {
              ...samplePerson(harness).account,
              accountId: second.sample.account.accountId,
            })
          ).state,
        ).toBe('absent')
      })

      it('is found by the employee’s national id, and adopted once a human said so', async () => {
        const sample = samplePerson(harness)
        const id = await plantEmployee(sample, `antiguo${sample.account.name}`)
        const found = await observeOne(connector, sample.account)
        expect(found).toMatchObject({ accountId: String(id), state: 'enabled' })
        const early: Plan = { ...sample, observed: found, steps: [{ act: 'disable' }] }
        expect(errorOf((await connector.apply([early]))[0]).kind).toBe('conflict')
        expect(errorOf(await connector.setPassword?.(sample.account, secretWord)).kind).toBe('conflict')
        const account = { ...sample.account, accountId: String(id), adopted: true }
        const adopted = { ...sample, account }
        expect((await observeOne(connector, account)).unmarked).toBe(true)
        const { observed } = await bring(connector, adopted, [{ act: 'adopt' }])
        expect(observed).toMatchObject({ accountId: String(id), state: 'enabled' })
        expect(observed.unmarked).toBeUndefined()
        const another = { ...samplePerson(harness).account, accountId: String(id), adopted: true }
        expect(errorOf((await connector.observe([another]))[0]).kind).toBe('conflict')
      })

      it('is a conflict where two users are employees under one national id', async () => {
        const sample = samplePerson(harness)
        await plantEmployee(sample, `uno${sample.account.name}`)
        await plantEmployee(sample, `dos${sample.account.name}`)
        expect(errorOf((await connector.observe([sample.account]))[0])).toMatchObject({
          kind: 'conflict',
          retryable: true,
        })
      })

      it('is nobody’s where it is Tryton’s own administrator or ours', async () => {
        const untouchable = ['admin', harness.secret.user]
        const listed = await walk()
        for (const login of untouchable) {
          const found = listed.find(one => one.name === login)
          expect(found?.untouchable, login).toBe(true)
          const account = {
            ...samplePerson(harness).account,
            accountId: found?.accountId ?? '',
            name: login,
            adopted: true,
          }
          expect(errorOf((await connector.observe([account]))[0]).kind).toBe('conflict')
        }
      })

      async function plantEmployee(sample: Sample, login: string): Promise<number> {
        const make = async (model: string, values: object) =>
          ((await admin.call(`model.${model}.create`, [values], {})) as number[])[0] ?? 0
        const [company] = await harness.server.query('SELECT id FROM company_company LIMIT 1')
        const companyId = company?.id ?? (await make('company.company', await newCompany(make)))
        const party = await make('party.party', {
          name: 'Funcionario antiguo',
          identifiers: [
            ['create', [{ type: harness.settings.nationalIdentifier, code: sample.account.nationalId }]],
          ],
        })
        const employee = await make('company.employee', { party, company: companyId })
        return make('res.user', {
          login,
          name: 'Funcionario antiguo',
          companies: [['add', [companyId]]],
          employees: [['add', [employee]]],
        })
      }
      async function newCompany(make: (model: string, values: object) => Promise<number>) {
        const party = await make('party.party', { name: 'Municipalidad' })
        const currency = await make('currency.currency', {
          name: 'Peso',
          symbol: '$',
          code: 'CLP',
          rounding: decimal('1'),
        })
        return { party, currency }
      }
      const decimal = (value: string) => ({ __class__: 'Decimal', decimal: value })
    })

    async function walk(): Promise<ListedAccount[]> {
      const all: ListedAccount[] = []
      for (let cursor: string | null = null; ; ) {
        const page: AccountPage = resultOf(await connector.list(cursor))
        const { accounts, next } = page
        all.push(...accounts)
        cursor = next
        if (cursor === null) return all
      }
    }

    describe('many at once', () => {
      it('are one call, and one bad element never spoils another’s', async () => {
        const people = Array.from({ length: 20 }, () => samplePerson(harness))
        const bad = people[7]
        if (bad === undefined) throw new Error('twenty people')
        // PostgreSQL keeps no NUL: the server breaks down over this one, and with it over the whole call.
        const plans = people.map(sample => ({
          ...sample,
          profile: sample === bad ? { ...sample.profile, surnames: 'a\u0000b' } : sample.profile,
          observed: absentAccount,
          steps: opening(),
        }))
        const outcomes = await connector.apply(plans)
        expect(outcomes.map(outcome => outcome.ok)).toEqual(people.map(sample => sample !== bad))
        const observed = await connector.observe(people.map(one => one.account))
        expect(observed.map(outcome => resultOf(outcome).state)).toEqual(
          people.map(sample => (sample === bad ? 'absent' : 'enabled')),
        )
      })

      it('are told in pages, each once', async () => {
        const some = Array.from({ length: 210 }, (_, at) => ({
          login: `masa${process.pid}-${at}`,
          active: false,
        }))
        await admin.call('model.res.user.create', some, {})
        const all = await walk()
        expect(all.filter(one => one.name.startsWith(`masa${process.pid}-`))).toHaveLength(210)
        expect(new Set(all.map(one => one.accountId)).size).toBe(all.length)
      })
    })

    describe('the service account', () => {
      it('is not locked out by a wrong password in the secret: one bad log-in, then none for ten minutes', async () => {
        const mistaken = createTrytonConnector(harness.settings, {
          ...harness.secret,
          password: 'Equivocada-2026',
        })
        for (let time = 0; time < 8; time++)
          expect(errorOf((await mistaken.observe([samplePerson(harness).account]))[0])).toMatchObject({
            kind: 'misconfigured',
            retryable: true,
          })
        await mistaken.close()
        const attempts = await harness.server.query('SELECT 1 FROM res_user_login_attempt WHERE login = $1', [
          harness.secret.user,
        ])
        expect(attempts).toHaveLength(1)
        const right = createTrytonConnector(harness.settings, harness.secret)
        expect((await observeOne(right, samplePerson(harness).account)).state).toBe('absent')
        await right.close()
      })

      it('enters anew when its session has ended', async () => {
        const { sample } = await opened()
        await harness.server.query('DELETE FROM ir_session')
        expect((await observeOne(connector, sample.account)).state).toBe('enabled')
      })
    })
  })
}

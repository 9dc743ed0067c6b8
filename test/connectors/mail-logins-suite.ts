import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connector } from '../../functions/connectors/contract.ts'
import type { Step } from '../../schemas/target.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import type { Sample } from './harness.ts'
import type { RealMail } from './mail-server.ts'
import { samplePerson } from './sample-people.ts'

const own = 'Cuatro burros y 1 volantín'
const opening: Step[] = [{ act: 'create' }, { act: 'enable' }]

/** What a person notices of it: whether the mail program lets them in. */
export function describeMailLogins(title: string, open: () => Promise<RealMail>): void {
  describe(title, () => {
    let mail: RealMail
    let connector: Connector
    beforeAll(async () => {
      mail = await open()
      connector = mail.connector
    })
    afterAll(async () => mail?.close())

    const setPassword = async ({ account }: Sample, password = own) =>
      resultOf(await connector.setPassword?.(account, password))
    const canLogIn = async ({ account }: Sample, password = own) => {
      const session = await mail.logIn(account.name, password)
      session?.close()
      return session !== null
    }
    /** Somebody with an open mailbox and a password of their own. */
    async function opened(): Promise<Sample> {
      const { sample } = await bring(connector, samplePerson(mail), opening)
      expect(await setPassword(sample)).toEqual({ set: true })
      return sample
    }

    describe('a person’s login', () => {
      it('lets nobody in before the person has set a password, and the person afterwards (R11)', async () => {
        const { sample } = await bring(connector, samplePerson(mail), opening)
        for (const guess of ['', own, '{BLF-CRYPT}', sample.account.name])
          expect(await canLogIn(sample, guess)).toBe(false)
        await setPassword(sample)
        expect(await canLogIn(sample)).toBe(true)
        expect(await canLogIn(sample, `${own}.`)).toBe(false)
      })

      it('lets nobody in after the deactivation, and the person again after the reactivation, with the mail still there', async () => {
        const sample = await opened()
        await mail.dovecot.deliver(sample.account.name, 'Acta del concejo')
        await bring(connector, sample, [{ act: 'disable' }, { act: 'retire' }])
        expect(await canLogIn(sample)).toBe(false)
        await bring(connector, sample, [{ act: 'restore' }, { act: 'enable' }])
        const session = await mail.logIn(sample.account.name, own)
        expect(await session?.subjects()).toEqual(['Acta del concejo'])
        session?.close()
      })

      it('lets nobody in from the instant at which the access ends, without any act of ours', async () => {
        const sample = await opened()
        // Time enough for a login on a busy machine.
        const end = Date.now() + 5_000
        await bring(connector, sample, [{ act: 'set-expiry', expiresAt: new Date(end).toISOString() }])
        expect(await canLogIn(sample)).toBe(true)
        await pause(end + 50 - Date.now())
        expect(await canLogIn(sample)).toBe(false)
        expect((await observeOne(connector, sample.account)).state).toBe('enabled')
      })

      it('keeps the password of the person whatever is applied later, also all of it again', async () => {
        const sample = await opened()
        for (const steps of [opening, [{ act: 'disable' }], opening, [{ act: 'set-profile' }]] as Step[][])
          await bring(connector, sample, steps)
        expect(await canLogIn(sample)).toBe(true)
      })

      it('takes a new password in place of the old, whether the mailbox is open or closed, and changes neither', async () => {
        const sample = await opened()
        const other = 'Otra clave: ñandú Ω 90'
        expect(await setPassword(sample, other)).toEqual({ set: true })
        expect([await canLogIn(sample), await canLogIn(sample, other)]).toEqual([false, true])
        await bring(connector, sample, [{ act: 'disable' }])
        await setPassword(sample)
        expect((await observeOne(connector, sample.account)).state).toBe('disabled')
        expect(await canLogIn(sample)).toBe(false)
        await bring(connector, sample, [{ act: 'enable' }])
        expect(await canLogIn(sample)).toBe(true)
      })
    })

    describe('open sessions', () => {
      it('are ended by the deactivation: all of that person, and nobody else’s', async () => {
        const [one, other] = [await opened(), await opened()]
        // What stands in a mask may stand inside another address, too.
        const longer = samplePerson(mail)
        const similar = await bring(
          connector,
          { ...longer, account: { ...longer.account, name: `x${one.account.name}` } },
          opening,
        )
        await setPassword(similar.sample)
        const sessions = await Promise.all([
          mail.logIn(one.account.name, own),
          mail.logIn(one.account.name, own),
          mail.logIn(other.account.name, own),
          mail.logIn(similar.sample.account.name, own),
        ])
        const { observed } = await bring(connector, one, [{ act: 'disable' }])
        expect(observed).toMatchObject({ state: 'disabled', sessionsOpen: false })
        expect(await Promise.all(sessions.map(session => session?.lives()))).toEqual([
          false,
          false,
          true,
          true,
        ])
        for (const session of sessions) session?.close()
      })

      it('that outlived a closing by somebody else’s hand are seen, and ended by their own step', async () => {
        const sample = await opened()
        const session = await mail.logIn(sample.account.name, own)
        await mail.server.query('UPDATE mailbox SET active = false WHERE username = $1', [
          sample.account.name,
        ])
        expect(await observeOne(connector, sample.account)).toMatchObject({
          state: 'disabled',
          sessionsOpen: true,
        })
        const { observed } = await bring(connector, sample, [{ act: 'end-sessions' }])
        expect(observed.sessionsOpen).toBe(false)
        expect(await session?.lives()).toBe(false)
      })

      it('of an open mailbox are asked for by nobody, and none is ended', async () => {
        const sample = await opened()
        const session = await mail.logIn(sample.account.name, own)
        const { observed } = await bring(connector, sample, [{ act: 'end-sessions' }, { act: 'set-profile' }])
        expect(observed.sessionsOpen).toBeUndefined()
        expect(await session?.lives()).toBe(true)
        session?.close()
      })
    })

    describe('while Dovecot’s HTTP API fails', () => {
      for (const fault of ['unreachable', 'reset-mid-answer', 'frozen'] as const)
        it(`(${fault}) a mailbox is closed all the same, and that no session is left is not said before it was read`, async () => {
          const [closing, staying] = [await opened(), await opened()]
          const session = await mail.logIn(closing.account.name, own)
          const fresh = samplePerson(mail)
          await mail.doveadmLine.setFault(fault)
          try {
            const observed = await observeOne(connector, closing.account)
            const plan = { ...closing, observed, steps: [{ act: 'disable' }] as Step[] }
            const made = { ...fresh, observed, steps: opening }
            const [closed, opened] = await connector.apply([plan, made])
            expect(errorOf(closed)).toMatchObject({ kind: 'unreachable', retryable: true })
            expect(resultOf(opened).name).toBe(fresh.account.name)
            expect(await canLogIn(closing)).toBe(false)
            const [asked, other] = await connector.observe([closing.account, staying.account])
            expect(errorOf(asked)).toMatchObject({ kind: 'unreachable', retryable: true })
            expect(resultOf(other).state).toBe('enabled')
          } finally {
            await mail.doveadmLine.setFault(null)
          }
          const { observed } = await bring(connector, closing, [{ act: 'end-sessions' }])
          expect(observed.sessionsOpen).toBe(false)
          expect(await session?.lives()).toBe(false)
        })
    })
  })
}

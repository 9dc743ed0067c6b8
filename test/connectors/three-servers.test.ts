import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client as LdapClient } from 'ldapts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, clientOf, mustBe } from '../../infra/local/client.ts'
import { startCloud } from '../../infra/local/cloud/index.ts'
import { openIssuer } from '../../infra/local/issuer.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import { Settings } from '../../schemas/settings.ts'
import { findMailServer } from '../servers/dovecot/installed.ts'
import { findSamba, realServersRequired } from '../servers/samba/installed.ts'
import { findTryton } from '../servers/tryton/installed.ts'
import { signIn } from '../servers/tryton/rpc.ts'
import { startTryton } from '../servers/tryton/tryton.ts'
import { openRealMail } from './mail-server.ts'
import { service, startSamba } from './samba-directory.ts'
import { trytonSettings } from './tryton-harness.ts'

const found = { samba: findSamba(), mail: findMailServer(), tryton: findTryton() }
const missing = Object.values(found).flatMap(server => (server.usable ? [] : [server.reason]))

const root = join(import.meta.dirname, '..', '..')
const planta = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const head = {
  nationalId: '12.345.678-5',
  givenNames: 'Marta',
  surnames: 'Reyes Soto',
  position: 'Directora',
}
const person = {
  nationalId: '20.347.878-K',
  givenNames: 'Elisa Antonia',
  surnames: 'Huenchumán Ñancupil',
  position: 'Asistente social',
}
const [hr, security] = ['31052718-1', '33762858-3']
const systems = ['directory', 'mail', 'erp'] as const
const passwordFor = {
  directory: 'Quilantal-7-Copihue',
  mail: 'boldo litre quillay 9',
  erp: 'Araucaria-4-Lenga-8',
}

/** The shipped template on real servers: every function with its own environment and rights, over HTTP. */
async function openBody() {
  const opened = new AsyncDisposableStack()
  try {
    return await startBody(opened)
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

async function startBody(opened: AsyncDisposableStack) {
  const closing = <T extends { close(): Promise<unknown> }>(part: T) =>
    opened.adopt(part, async one => void (await one.close()))
  const folder = opened.adopt(await mkdtemp(join(tmpdir(), 'llavero-body-')), one =>
    rm(one, { recursive: true, force: true }),
  )
  const samba = closing(await startSamba())
  const mail = closing(await openRealMail())
  const tryton = closing(await startTryton())

  const { targets, ...rest } = Settings.parse(sample)
  const settings = Settings.parse({
    ...rest,
    targets: [samba.settings, targets.find(({ id }) => id === 'mail'), trytonSettings(tryton.port)],
  })
  const document = join(folder, 'settings.json')
  await writeFile(document, JSON.stringify(settings))
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['infra/synth.ts', join(folder, 'cdk.out'), '--settings', document],
    { cwd: root },
  )
  const assembly = JSON.parse(stdout) as { directory: string; template: string }
  const issuer = await openIssuer(folder, settings)
  const cloud = closing(
    await startCloud({
      template: JSON.parse(await readFile(join(assembly.directory, assembly.template), 'utf8')),
      assetDir: assembly.directory,
      parameters: { IssuerUrl: issuer.url, Audience: issuer.audience },
      secrets: {
        'llavero/directory': JSON.stringify({ url: samba.url, ca: samba.ca, ...service }),
        'llavero/mail': JSON.stringify({
          url: mail.server.postgres.mailUrl,
          doveadm: { url: `http://127.0.0.1:${mail.doveadmLine.port}`, key: mail.dovecot.doveadm.key },
        }),
        'llavero/erp': JSON.stringify({ url: tryton.url, ...tryton.service }),
        [settings.credentials.secret]: randomBytes(32).toString('base64url'),
      },
      dataDir: join(folder, 'cloud'),
      port: 0,
      keys: issuer.jwks,
    }),
  )
  const client = clientOf(`http://127.0.0.1:${cloud.port}`)
  const as = async (nationalId: string, ...[method, path, call]: Parameters<Client>) =>
    client(method, path, { ...call, token: await issuer.tokenFor(nationalId) })
  return { samba, mail, tryton, issuer, cloud, as, close: () => opened.disposeAsync() }
}

if (missing.length > 0)
  describe('A person on three real servers', () => {
    it('logs in to all of them and, after one form, to none', context => {
      const [reason = ''] = missing
      if (realServersRequired) throw new Error(reason)
      process.stderr.write(`skipped: ${reason}\n`)
      context.skip(reason)
    })
  })
else
  describe(`The whole body, ${Object.values(found)
    .map(server => (server.usable ? server.title : ''))
    .join(', ')}`, () => {
    let body: Awaited<ReturnType<typeof openBody>>
    beforeAll(async () => {
      body = await openBody()
      const { as, issuer } = body
      const unit = { name: 'Desarrollo comunitario', parent: null, head: null }
      mustBe(await as(hr, 'PUT', '/units/dideco', { body: unit }), 201, 'PUT /units/{id}')
      const register = [head, person].map(({ nationalId, givenNames, surnames, position }) => ({
        ...{ nationalId, givenNames, surnames, position, unit: 'dideco' },
        ...{ type: planta.type, regime: planta.regime, startsOn: planta.startsOn },
      }))
      mustBe(await as(hr, 'POST', '/people', { body: register }), 200, 'POST /people')
      const identities = [head, person].map(({ nationalId }) => ({
        nationalId,
        issuer: issuer.url,
        subject: issuer.subjectOf(nationalId),
      }))
      mustBe(await as(security, 'POST', '/identities', { body: { identities } }), 200, 'POST /identities')
      const headed = { ...unit, head: { nationalId: head.nationalId } }
      mustBe(await as(hr, 'PUT', '/units/dideco', { body: headed }), 200, 'PUT /units/{id}')
    }, 240_000)
    afterAll(() => body?.close(), 60_000)

    type Account = { system: string; name: string; state: string; converged: boolean; parked: boolean }
    const accounts = async (): Promise<Account[]> =>
      mustBe(await body.as(person.nationalId, 'GET', '/me'), 200, 'GET /me').accounts
    const nameIn = async (system: string) =>
      (await accounts()).find(account => account.system === system)?.name ?? ''

    async function file(form: object): Promise<void> {
      const answer = await body.as(head.nationalId, 'POST', '/requests', {
        body: { unit: 'dideco', declaration: true, ...form },
      })
      const { lines } = mustBe(answer, 201, 'POST /requests') as { lines: { status: string }[] }
      expect(lines.map(line => line.status)).not.toContain('rejected')
      for (let second = 0; second < 90; second++) {
        const now = await accounts()
        expect(now.filter(({ parked }) => parked)).toEqual([])
        if (now.length === systems.length && now.every(({ converged }) => converged)) return
        if (second % 20 === 19) await body.cloud.runSchedule('sweep-due')
        await sleep(1000)
      }
      throw new Error('the accounts did not converge')
    }

    const logIn = {
      async directory(password: string) {
        const client = new LdapClient({
          url: body.samba.url,
          timeout: 20_000,
          tlsOptions: { ca: body.samba.ca },
        })
        try {
          await client.bind(`${await nameIn('directory')}@muni.test`, password)
          return true
        } catch {
          return false
        } finally {
          await client.unbind()
        }
      },
      async mail(password: string) {
        const session = await body.mail.logIn(await nameIn('mail'), password)
        session?.close()
        return session !== null
      },
      async erp(password: string) {
        const session = await signIn(body.tryton.url, body.tryton.database, await nameIn('erp'), password)
        await session?.logout()
        return session !== null
      },
    }
    const logsIn = async () =>
      Object.fromEntries(
        await Promise.all(
          systems.map(async system => [system, await logIn[system](passwordFor[system])] as const),
        ),
      )
    const nowhere = { directory: false, mail: false, erp: false }
    const everywhere = { directory: true, mail: true, erp: true }

    const line = (access: object) => ({ person, contract: planta, access, until: null })
    const activations = [
      line({ system: 'directory', internetProfile: 'controlado' }),
      line({ system: 'mail' }),
      line({
        ...{ system: 'erp', module: 'contabilidad-gubernamental' },
        ...{ type: 'actualizacion', operations: ['ingreso'] },
      }),
    ]

    it('has a person log in nowhere before they set a password, and everywhere after', {
      timeout: 240_000,
    }, async () => {
      await file({ activations })
      expect((await accounts()).map(({ state }) => state)).toEqual(['enabled', 'enabled', 'enabled'])
      expect(await logsIn()).toEqual(nowhere)
      for (const system of systems) {
        const answer = await body.as(person.nationalId, 'POST', `/me/credentials/${system}`, {
          body: { password: passwordFor[system] },
        })
        expect(answer.status, system).toBeLessThan(300)
      }
      expect(await logsIn()).toEqual(everywhere)
    })

    it('has them log in nowhere after one deactivation form', { timeout: 240_000 }, async () => {
      await file({ deactivations: [{ nationalId: person.nationalId, access: { system: 'all' } }] })
      expect((await accounts()).map(({ state }) => state)).toEqual(['disabled', 'disabled', 'disabled'])
      expect(await logsIn()).toEqual(nowhere)
    })

    it('has them log in everywhere again, with their own passwords, when the unit asks anew', {
      timeout: 240_000,
    }, async () => {
      await file({ activations })
      expect(await logsIn()).toEqual(everywhere)
    })

    it('has told every act in a ledger that verifies, with no password in any log', {
      timeout: 60_000,
    }, async () => {
      const answer = await body.as(security, 'GET', '/audit/verification')
      expect(mustBe(answer, 200, 'GET /audit/verification')).toMatchObject({ ok: true, openIntents: 0 })
      const items = JSON.stringify(await body.cloud.snapshot())
      for (const password of Object.values(passwordFor)) expect(items).not.toContain(password)
    })
  })

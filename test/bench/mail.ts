import pg from 'pg'
import type { AccountRef, Connector, Plan, Profile } from '../../functions/connectors/contract.ts'
import { createMailConnector } from '../../functions/connectors/mail/index.ts'
import { selectAddresses } from '../../functions/connectors/mail/look.ts'
import { compile } from '../../functions/connectors/sql-statements.ts'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import type { Step } from '../../schemas/target.ts'
import { mailSettings } from '../connectors/mail-harness.ts'
import { openRealMail } from '../connectors/mail-server.ts'

const acts = ['create', 'disable', 'reactivate', 'look-up'] as const
type Act = (typeof acts)[number]
const contestants = ['connector', 'barePg', 'withSessions'] as const
type Name = (typeof contestants)[number]

/** People a second, medians over the rounds; the ratio is the median of each round's own. */
export interface MailRow {
  readonly act: Act
  readonly atOnce: number
  /** The connector on the database alone, and with Dovecot asked for and rid of sessions. */
  readonly connector: number
  readonly withSessions: number
  readonly barePg: number
  readonly overBarePg: number
}

interface Contestant {
  run(act: Act, addresses: readonly string[]): Promise<void>
  close(): Promise<void>
}

const profile: Profile = {
  nationalId: '12345678-5',
  givenNames: 'Rosa Amelia',
  surnames: 'Pizarro Quilodrán',
  position: 'Asistente social',
  unit: 'Dirección de Desarrollo Comunitario',
}
const personOf = (address: string) => `person-${address}`.slice(0, 36)
const steps: Record<Exclude<Act, 'look-up'>, Step[]> = {
  create: [{ act: 'create' }, { act: 'enable' }],
  disable: [{ act: 'disable' }],
  reactivate: [{ act: 'enable' }],
}

const accountsOf = (act: Act, addresses: readonly string[]) =>
  addresses.map(
    (address): AccountRef => ({
      personId: personOf(address),
      nationalId: profile.nationalId,
      accountId: act === 'create' ? null : address,
      name: address,
      adopted: false,
    }),
  )

/** Looks, acts and reads back, as the engine does. */
function connectorContestant(connector: Connector): Contestant {
  return {
    async run(act, addresses) {
      const accounts = accountsOf(act, addresses)
      const answers: { ok: boolean }[] = await connector.observe(accounts)
      if (act !== 'look-up') {
        const plans = accounts.map(
          (account): Plan => ({ account, profile, observed: absentAccount, steps: steps[act] }),
        )
        answers.push(...(await connector.apply(plans)), ...(await connector.observe(accounts)))
      }
      if (answers.some(answer => !answer.ok)) throw new Error(`${act} failed`)
    },
    close: () => connector.close(),
  }
}

/** The same statements in the same number of turns, over one connection, with nothing around them. */
async function bareContestant(url: string): Promise<Contestant> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const ask = (text: string, values: unknown[]) => client.query(text, values)
  const look = (act: Act, addresses: readonly string[]) => {
    const { text, values } = compile(selectAddresses(mailSettings, accountsOf(act, addresses)), 'postgresql')
    return ask(text, values)
  }
  const insert = async (addresses: readonly string[]) => {
    await client.query('BEGIN')
    await ask(
      `INSERT INTO mailbox (username, password, name, maildir, quota, local_part, domain, active)
       SELECT address, '{BLF-CRYPT}x', $2, 'm/', 0, split_part(address, '@', 1), $3, true FROM unnest($1::text[]) address`,
      [addresses, `${profile.givenNames} ${profile.surnames}`, mailSettings.domain],
    )
    await ask(
      'INSERT INTO alias (address, goto, domain) SELECT address, address, $2 FROM unnest($1::text[]) address',
      [addresses, mailSettings.domain],
    )
    await ask('INSERT INTO llavero_owner SELECT * FROM unnest($1::text[], $2::text[])', [
      addresses,
      addresses.map(personOf),
    ])
    await client.query('COMMIT')
  }
  const turn = async (addresses: readonly string[], active: boolean) => {
    const update = 'SET active = $2, modified = now()'
    if (!active) await ask(`UPDATE mailbox ${update} WHERE username = ANY ($1)`, [addresses, active])
    await client.query('BEGIN')
    if (active) await ask(`UPDATE mailbox ${update} WHERE username = ANY ($1)`, [addresses, active])
    await ask(`UPDATE alias ${update} WHERE address = ANY ($1)`, [addresses, active])
    await client.query('COMMIT')
  }
  return {
    async run(act, addresses) {
      await look(act, addresses)
      if (act === 'look-up') return
      await look(act, addresses)
      if (act === 'create') await insert(addresses)
      else await turn(addresses, act === 'reactivate')
      await look(act, addresses)
    },
    close: () => client.end(),
  }
}

/** A fresh PostgreSQL under a fresh Dovecot; each round every contestant does every act with people of its own. */
export async function benchMail(rounds = 9, people = 40): Promise<MailRow[]> {
  const mail = await openRealMail()
  const { mailUrl } = mail.server.postgres
  const rates = new Map<string, number[]>()
  const doveadm = { url: `http://127.0.0.1:${mail.dovecot.doveadm.port}`, key: mail.dovecot.doveadm.key }
  const all: Record<Name, Contestant> = {
    connector: connectorContestant(createMailConnector(mailSettings, { url: mailUrl })),
    barePg: await bareContestant(mailUrl),
    withSessions: connectorContestant(createMailConnector(mailSettings, { url: mailUrl, doveadm })),
  }
  try {
    for (const atOnce of [1, 20])
      for (let round = 0; round <= rounds; round++)
        for (const act of acts)
          for (const [turn] of contestants.entries()) {
            const name = contestants[(turn + round) % contestants.length] ?? 'connector'
            const crowd = Array.from(
              { length: people },
              (_, at) => `b${atOnce}-${round}-${name.toLowerCase()}-${at}@${mailSettings.domain}`,
            )
            const started = performance.now()
            for (let at = 0; at < people; at += atOnce) await all[name].run(act, crowd.slice(at, at + atOnce))
            const seconds = (performance.now() - started) / 1000
            const key = `${act}/${atOnce}/${name}`
            // The first round warms up: code, caches, connections.
            if (round > 0) rates.set(key, [...(rates.get(key) ?? []), people / seconds])
          }
  } finally {
    for (const contestant of Object.values(all)) await contestant.close()
    await mail.close()
  }
  return [1, 20].flatMap(atOnce =>
    acts.map((act): MailRow => {
      const of = (name: Name) => rates.get(`${act}/${atOnce}/${name}`) ?? []
      return {
        act,
        atOnce,
        connector: median(of('connector')),
        withSessions: median(of('withSessions')),
        barePg: median(of('barePg')),
        overBarePg: median(of('connector').map((rate, at) => rate / (of('barePg')[at] ?? 1))),
      }
    }),
  )
}

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN

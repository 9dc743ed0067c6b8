import { openDirectoryHarness } from '../connectors/active-directory-harness.ts'
import { openSambaDirectory } from '../connectors/samba-directory.ts'
import { findSamba } from '../servers/samba/installed.ts'
import { type Act, acts, type Subject } from './directory-arena.ts'
import { connectorContestant } from './directory-connector.ts'
import { ldaptsContestant } from './directory-ldapts.ts'
import { openldapContestant } from './directory-openldap.ts'

/** People a second, medians over the rounds; the ratios are medians of each round's own ratio. */
export interface DirectoryRow {
  readonly act: Act
  readonly connections: number
  readonly connector: number
  readonly ldapts: number
  readonly openldap: number
  readonly overLdapts: number
  readonly overOpenldap: number
}

const lookupsEach = 40
const names = ['connector', 'ldapts', 'openldap'] as const

/** A fresh Samba; in each round every contestant does every act with people of its own, in turning order. */
export async function benchDirectory(rounds = 7, peopleEach = 24): Promise<DirectoryRow[]> {
  const samba = findSamba()
  if (!samba.usable) throw new Error(samba.reason)
  const server = await openSambaDirectory()
  const harness = await openDirectoryHarness(server)
  const rates = new Map<string, number[]>()
  let serial = 0
  try {
    for (const connections of [1, 8]) {
      const contestants = {
        connector: connectorContestant(server, connections),
        ldapts: await ldaptsContestant(server, connections),
        openldap: await openldapContestant(server, connections),
      }
      for (let round = 0; round <= rounds; round++) {
        const crowds = new Map(
          names.map(name => [
            name,
            Array.from({ length: peopleEach }, (): Subject => {
              serial += 1
              return { name: `bench.${serial}`, nationalId: `${30_000_000 + serial}-0`, guid: '' }
            }),
          ]),
        )
        for (const act of acts)
          for (const [turn] of names.entries()) {
            const name = names[(turn + round) % names.length] ?? 'connector'
            const crowd = crowds.get(name) ?? []
            const looked = act === 'look-up'
            const people = looked ? Array.from({ length: lookupsEach }, () => crowd).flat() : crowd
            await contestants[name].prepare(act, people)
            const started = performance.now()
            await contestants[name].run(act, people)
            const seconds = (performance.now() - started) / 1000
            const key = `${act}/${connections}/${name}`
            // The first round warms up: code, caches, connections.
            if (round > 0) rates.set(key, [...(rates.get(key) ?? []), people.length / seconds])
          }
      }
      for (const name of names) await contestants[name].close()
    }
  } finally {
    await harness.close()
  }
  return [1, 8].flatMap(connections =>
    acts.map((act): DirectoryRow => {
      const of = (name: string) => rates.get(`${act}/${connections}/${name}`) ?? []
      const over = (name: string) => median(of('connector').map((rate, at) => rate / (of(name)[at] ?? 1)))
      return {
        act,
        connections,
        connector: median(of('connector')),
        ldapts: median(of('ldapts')),
        openldap: median(of('openldap')),
        overLdapts: over('ldapts'),
        overOpenldap: over('openldap'),
      }
    }),
  )
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2
}

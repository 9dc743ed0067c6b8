import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { profileValues } from '../../functions/connectors/active-directory/attributes.ts'
import { type Act, type Arena, arrivalTicks, type Contestant, type Subject } from './directory-arena.ts'
import { profileOf } from './directory-connector.ts'
import { benchPassword, ldaptsContestant, needed } from './directory-ldapts.ts'

const base64 = (value: string | Buffer) => Buffer.from(value).toString('base64')

/** OpenLDAP's C tools, one process a connection. Their start, TLS and bind are measured by themselves and left out. */
export async function openldapContestant(arena: Arena, connections: number): Promise<Contestant> {
  const { url, caPath, service, settings } = arena
  const folder = await mkdtemp(join(tmpdir(), 'llavero-bench-'))
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, service.password, { mode: 0o600 })
  const preparing = await ldaptsContestant(arena, connections)
  const common = ['-x', '-H', url, '-D', service.bindDn, '-y', passwordFile, '-o', 'ldif_wrap=no']

  const tool = (name: string, args: string[]) =>
    new Promise<void>((resolve, reject) => {
      const child = spawn(name, [...common, ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, LDAPTLS_CACERT: caPath },
      })
      let words = ''
      child.stderr.on('data', data => {
        words += data
      })
      child.on('error', reject)
      child.on('exit', code => (code === 0 ? resolve() : reject(new Error(`${name}: ${code} ${words}`))))
    })

  const active = ({ name }: Subject) => `CN=${name},${settings.activeOu}`
  const modify = (dn: string, ...changes: string[]) =>
    `dn:: ${base64(dn)}\nchangetype: modify\n${changes.join('\n-\n')}\n-\n`
  const flags = (from: string, to: string) => [
    `delete: userAccountControl\nuserAccountControl: ${from}`,
    `add: userAccountControl\nuserAccountControl: ${to}`,
  ]
  const groups = [settings.groups.internet.controlado, settings.groups.entitlements.vpn ?? '']
  const written: Partial<Record<Act, (subject: Subject) => string[]>> = {
    create: subject => [
      [
        `dn:: ${base64(active(subject))}`,
        'changetype: add',
        'objectClass: user',
        `sAMAccountName: ${subject.name}`,
        `userPrincipalName: ${subject.name}@${settings.upnSuffix}`,
        'userAccountControl: 514',
        ...Object.entries(profileValues(profileOf(subject))).map(
          ([type, value]) => `${type}:: ${base64(value)}`,
        ),
      ].join('\n'),
      modify(active(subject), `replace: unicodePwd\nunicodePwd:: ${base64(benchPassword)}`),
      modify(active(subject), ...flags('514', '512')),
    ],
    'two-groups': subject =>
      groups.map(group => modify(group, `add: member\nmember:: ${base64(active(subject))}`)),
    disable: subject => [modify(active(subject), ...flags('512', '514'))],
    reactivate: subject => [
      `dn: CN=${subject.name},${settings.inactiveOu}\nchangetype: modrdn\nnewrdn: CN=${subject.name}\ndeleteoldrdn: 1\nnewsuperior: ${settings.activeOu}`,
      modify(
        active(subject),
        `replace: accountExpires\naccountExpires: ${arrivalTicks}`,
        ...flags('514', '512'),
      ),
    ],
  }
  const hexFilter = ({ guid }: Subject) => {
    const hex = guid.replaceAll('-', '')
    const swap = (from: number, to: number) => hex.slice(from, to).match(/../g)?.reverse().join('') ?? ''
    const stored = swap(0, 8) + swap(8, 12) + swap(12, 16) + hex.slice(16)
    return stored.replace(/../g, '\\$&')
  }
  const shares = (people: Subject[]) =>
    Array.from({ length: connections }, (_, at) =>
      people.filter((_subject, turn) => turn % connections === at),
    )
  let files: { changes: string; lookups: string }[] = []

  const allWith = async (run: (file: { changes: string; lookups: string }) => Promise<void>) =>
    Promise.all(files.map(run))
  const search = (file: string) =>
    tool('ldapsearch', ['-LLL', '-b', settings.baseDn, '-f', file, '(objectGUID=%s)', ...needed])
  /** What every process costs before it does anything. */
  const timed = async (run: () => Promise<unknown>) => {
    const started = performance.now()
    await run()
    return performance.now() - started
  }
  const nothing = join(folder, 'nothing')
  await writeFile(nothing, '')

  return {
    async prepare(act, people) {
      if (act !== 'create') await preparing.prepare(act, people)
      files = await Promise.all(
        shares(people).map(async (share, at) => {
          const changes = join(folder, `changes-${at}`)
          const lookups = join(folder, `lookups-${at}`)
          await writeFile(changes, share.flatMap(subject => written[act]?.(subject) ?? []).join('\n\n'))
          await writeFile(lookups, share.map(subject => `${hexFilter(subject)}\n`).join(''))
          return { changes, lookups }
        }),
      )
    },
    async run(act) {
      const reads = act === 'look-up' || act === 'disable'
      const writes = act !== 'look-up'
      if (reads) await allWith(({ lookups }) => search(lookups))
      if (writes) await allWith(({ changes }) => tool('ldapmodify', ['-f', changes]))
      if (act === 'disable') await allWith(({ lookups }) => search(lookups))
      const emptyModify = () => timed(() => allWith(() => tool('ldapmodify', ['-f', nothing])))
      const emptySearch = () => timed(() => allWith(() => search(nothing)))
      const started = performance.now()
      const modifying = writes ? await emptyModify() : 0
      const searching = reads ? await emptySearch() : 0
      const measuring = performance.now() - started
      return measuring + modifying + searching * (act === 'disable' ? 2 : 1)
    },
    async close() {
      await preparing.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

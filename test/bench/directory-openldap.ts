import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { profileValues } from '../../functions/connectors/active-directory/attributes.ts'
import { type Act, type Arena, arrivalTicks, type Contestant, type Subject } from './directory-arena.ts'
import { profileOf } from './directory-connector.ts'
import { benchPassword, ldaptsContestant, needed } from './directory-ldapts.ts'

const base64 = (value: string | Buffer) => Buffer.from(value).toString('base64')

const timeToBind = 500

/** OpenLDAP's C tools, one process a connection, started and bound before the clock runs. */
export async function openldapContestant(arena: Arena, connections: number): Promise<Contestant> {
  const { url, caPath, service, settings } = arena
  const folder = await mkdtemp(join(tmpdir(), 'llavero-bench-'))
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, service.password, { mode: 0o600 })
  const preparing = await ldaptsContestant(arena, connections)
  const common = ['-x', '-H', url, '-D', service.bindDn, '-y', passwordFile, '-o', 'ldif_wrap=no']

  /** A tool that has bound and waits for its input. */
  function waiting(name: string, args: string[]) {
    const child = spawn(name, [...common, ...args], {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, LDAPTLS_CACERT: caPath },
    })
    let words = ''
    child.stderr.on('data', data => {
      words += data
    })
    const ended = new Promise<void>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', code => (code === 0 ? resolve() : reject(new Error(`${name}: ${code} ${words}`))))
    })
    return (input: string): Promise<void> => {
      child.stdin.end(input)
      return ended
    }
  }

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
  const search = ['-LLL', '-b', settings.baseDn, '-f', '-', '(objectGUID=%s)', ...needed]
  const changesFor = (act: Act, share: Subject[]) =>
    `${share.flatMap(subject => written[act]?.(subject) ?? []).join('\n\n')}\n`
  const lookupsFor = (share: Subject[]) => share.map(subject => `${hexFilter(subject)}\n`).join('')
  let phases: (() => Promise<void>)[][] = []

  return {
    /** Starts the tools as well: TLS and bind are behind the others, too. */
    async prepare(act, people) {
      if (act !== 'create') await preparing.prepare(act, people)
      const searching = () =>
        shares(people).map(share => {
          const feed = waiting('ldapsearch', search)
          return () => feed(lookupsFor(share))
        })
      const modifying = () =>
        shares(people).map(share => {
          const feed = waiting('ldapmodify', [])
          return () => feed(changesFor(act, share))
        })
      if (act === 'look-up') phases = [searching()]
      else if (act === 'disable') phases = [searching(), modifying(), searching()]
      else phases = [modifying()]
      await pause(timeToBind)
    },
    async run() {
      for (const phase of phases) await Promise.all(phase.map(go => go()))
    },
    async close() {
      await preparing.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

import type { NamedPerson } from '../../schemas/person.ts'
import type { Settings, TargetId } from '../../schemas/settings.ts'
import { accountNameCandidates, badgePins } from '../domain/account-name.ts'
import type { PeopleStore } from '../stores/people.ts'
import { targetSettings } from './engine.ts'

/** Characters: sAMAccountName and most ERP logins end at 20; a mail address has 64 before the @ (RFC 5321). */
const longest: Record<Exclude<TargetId, 'data-centre'>, number> = { directory: 20, erp: 20, mail: 64 }

/** How many candidates are looked up at a time. */
const handful = 8

/**
 * The first account name of a person that nobody bears in the target and that is not resting in quarantine.
 * It is only a proposal: the transaction that reserves it decides. `except` is a name the target refused.
 */
export async function pickName(
  people: PeopleStore,
  settings: Settings,
  target: TargetId,
  bearer: { personId: string; names: Pick<NamedPerson, 'givenNames' | 'surnames'> },
  quarantineOver: string,
  except?: string,
): Promise<string> {
  const configured = targetSettings(settings, target)
  const suffix = configured !== undefined && 'domain' in configured ? `@${configured.domain}` : ''
  const candidates =
    target === 'data-centre' ? badgePins(Math.random) : accountNameCandidates(bearer.names, longest[target])
  for (;;) {
    const names: string[] = []
    for (let count = 0; count < handful; count++) {
      const next = candidates.next()
      if (next.done === true) break
      names.push(`${next.value}${suffix}`)
    }
    const taken = await people.namesTaken(target, names, bearer.personId, quarantineOver)
    const free = names.find(name => name !== except && !taken.has(name))
    if (free !== undefined) return free
    if (names.length === 0) throw new Error('account names are exhausted')
  }
}

import { accountNameCandidates, isParticle, plainWord } from './account-name.ts'

/** What tells whose account it is, beside marks: names only. */
export interface AccountNames {
  /** Login, or the full mail address. */
  readonly name: string
  /** Full name as the target shows it. */
  readonly shownName: string | null
  readonly mail: string | null
}

/** A person of the register by name, as plain words; particles stand among them. */
export interface KnownName {
  readonly personId: string
  readonly given: readonly string[]
  readonly surnames: readonly string[]
}

/** What of an account speaks for a person. */
export type Because = 'national-id' | 'shown-name' | 'login' | 'mail'

/** Somebody whose account it may be. `score`: 0 to 1; only a human says that it is. */
export interface Candidate {
  readonly personId: string
  readonly score: number
  readonly because: readonly Because[]
}

/** A score below this is no more than a surname in common. */
export const leastScore = 0.3

const words = (text: string): string[] =>
  text
    .split(/[\s\u00a0._,;()-]+/u)
    .map(plainWord)
    .filter(word => word !== '')

const telling = (all: readonly string[]): string[] => {
  const some = all.filter(word => !isParticle(word))
  return some.length > 0 ? some : [...all]
}

/** A person's name as one line that sorts and can be read back: «munoz de la fuente|maria jose». */
export const nameLine = (person: { readonly givenNames: string; readonly surnames: string }): string =>
  `${words(person.surnames).join(' ')}|${words(person.givenNames).join(' ')}`

export const readNameLine = (personId: string, line: string): KnownName => {
  const [surnames = '', given = ''] = line.split('|')
  const split = (text: string) => text.split(' ').filter(word => word !== '')
  return { personId, given: split(given), surnames: split(surnames) }
}

interface Prepared {
  readonly personId: string
  readonly given: readonly string[]
  readonly surnames: readonly string[]
  readonly own: ReadonlySet<string>
}

function prepared(person: KnownName): Prepared {
  const given = telling(person.given)
  const surnames = telling(person.surnames)
  return { personId: person.personId, given, surnames, own: new Set([...given, ...surnames]) }
}

const bare = (login: string) => login.replace(/[^a-z0-9]/g, '')

/**
 * What a person's login may look like, without separators, and what it is worth: as this system proposes it (in full and
 * cut to a directory's length), both names in either order, first letters and a surname, the surname alone.
 */
function usualLogins(known: KnownName, { given, surnames }: Prepared): [string, number][] {
  const proposals = accountNameCandidates(
    { givenNames: known.given.join(' '), surnames: known.surnames.join(' ') },
    64,
  )
  const short = String(proposals.next().value)
  const long = String(proposals.next().value)
  const [first = ''] = given
  const [paternal = '', maternal = ''] = surnames
  const initial = first.slice(0, 1)
  const initials = given.map(word => word.slice(0, 1)).join('')
  const last = maternal.slice(0, 1)
  const whole = maternal === '' ? 0.75 : 0.9
  const forms: [string, number][] = [
    [first + paternal + maternal, whole],
    [bare(long), long.startsWith(`${short}.`) ? 0.9 : 0.75],
    [bare(long.slice(0, 20)), long.startsWith(`${short}.`) && long.length > 20 ? 0.85 : 0],
    [first + paternal, 0.75],
    [paternal + first, 0.75],
    [bare(short), 0.75],
    [bare(short.slice(0, 20)), 0.75],
    [initial + paternal + last, last === '' ? 0.5 : 0.6],
    [initials + paternal + last, last === '' ? 0.5 : 0.6],
    [initial + paternal, 0.5],
    [initials + paternal, 0.5],
    [paternal + initial, 0.5],
    [paternal, leastScore],
  ]
  return forms.filter(([form, score]) => form.length > 2 && score > 0)
}

/** How far a shown name is the person's: every word that is not theirs speaks against it. */
function scoreShown(shown: readonly string[], { given, surnames, own }: Prepared): number {
  const [first = '', ...otherGiven] = given
  const [paternal = '', maternal] = surnames
  const has = (word: string | undefined) => word !== undefined && word !== '' && shown.includes(word)
  const initial = shown.some(word => word.length === 1 && first.startsWith(word))
  const strangers = shown.filter(word => !own.has(word) && !(word.length === 1 && initial)).length
  const bothSurnames = has(paternal) && has(maternal)
  const named = has(first)
  const alsoNamed = otherGiven.some(has)
  let score = 0
  if (named && bothSurnames) score = 0.95
  else if (named && has(paternal)) score = maternal === undefined ? 0.9 : 0.8
  else if (alsoNamed && bothSurnames) score = 0.85
  else if (alsoNamed && has(paternal)) score = 0.6
  else if (initial && has(paternal)) score = bothSurnames ? 0.65 : 0.55
  else if (bothSurnames) score = 0.45
  else if (named && has(maternal)) score = 0.4
  else if (has(paternal)) score = 0.2
  return score * 0.55 ** strangers
}

const rounded = (score: number) => Math.round(Math.min(score, 0.99) * 100) / 100

/**
 * Finds, by names alone, whose an account may be. Accents, case, particles and the order of the words do not matter; a
 * shown name that is somebody else's weakens what the login says. Nobody is certain by name: scores end at 0.99.
 */
export function correlator(people: readonly KnownName[]) {
  const bySurname = new Map<string, Prepared[]>()
  const byLogin = new Map<string, Map<Prepared, number>>()
  for (const known of people) {
    const person = prepared(known)
    for (const surname of new Set(person.surnames))
      if (!bySurname.get(surname)?.push(person)) bySurname.set(surname, [person])
    for (const [form, score] of usualLogins(known, person)) {
      const bearers = byLogin.get(form) ?? new Map<Prepared, number>()
      byLogin.set(form, bearers)
      bearers.set(person, Math.max(score, bearers.get(person) ?? 0))
    }
  }

  /** What a login, or what stands before an @, is worth for everybody who may bear it; a number at its end a little less. */
  const worth = (text: string | null): ReadonlyMap<Prepared, number> => {
    const local = plainWord((text ?? '').split('@')[0]?.replace(/[._]/g, '-') ?? '').replace(/-/g, '')
    const numbered = /\d+(@|$)/.test(text ?? '') ? 0.9 : 1
    const found = byLogin.get(local) ?? new Map<Prepared, number>()
    return new Map([...found].map(([person, score]) => [person, score * numbered]))
  }

  return (account: AccountNames, most = 5): Candidate[] => {
    const shown = telling(words(account.shownName ?? ''))
    const login = worth(account.name)
    const mail = account.mail === account.name ? new Map<Prepared, number>() : worth(account.mail)
    const concerned = new Set<Prepared>([...login.keys(), ...mail.keys()])
    for (const word of shown) for (const person of bySurname.get(word) ?? []) concerned.add(person)
    return [...concerned]
      .map(person => judged(person, shown, login.get(person) ?? 0, mail.get(person) ?? 0))
      .filter(({ score }) => score >= leastScore)
      .sort((one, other) => other.score - one.score || (one.personId < other.personId ? -1 : 1))
      .slice(0, most)
  }
}

function judged(person: Prepared, shown: readonly string[], byLogin: number, byMail: number): Candidate {
  const byName = shown.length === 0 ? 0 : scoreShown(shown, person)
  const written = Math.max(byLogin, byMail)
  // One word, or none, is no full name that could speak against the login.
  const spoken = shown.length > 1
  const agreed = Math.max(byName, written) + (Math.min(byName, written) >= 0.5 ? 0.04 : 0)
  const score = spoken && byName < written ? (byName + written) / 2 : agreed
  const because: Because[] = []
  if (byName >= leastScore) because.push('shown-name')
  if (byLogin >= leastScore) because.push('login')
  if (byMail >= leastScore) because.push('mail')
  return { personId: person.personId, score: rounded(score), because }
}

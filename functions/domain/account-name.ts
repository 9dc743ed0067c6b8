import type { NamedPerson } from '../../schemas/person.ts'

/** Words that belong to the name after them: «de la Fuente», «San Martín», «Van Dyke». */
const PARTICLES = new Set(
  'de del la las lo los el san santa santo van von der den ter da do dos das di du le mac y e i'.split(' '),
)
/** Whether a plain word only belongs to the name after it, and tells nobody apart. */
export const isParticle = (word: string): boolean => PARTICLES.has(word)
const MERE_LINKS = new Set(['y', 'e', 'i'])

/** Letters that Unicode does not take apart. */
const LATIN: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ŋ: 'n',
  ŧ: 't',
}

/** A word in the letters of an account name: lower case, without accents. */
export const plainWord = (word: string): string =>
  word
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z-]/gu, letter => LATIN[letter] ?? '')
    .replace(/-+/g, '-')
    .replace(/^-|-$/g, '')

/** «María de los Ángeles» → [maria, delosangeles]; «Ortega y Gasset» → [ortega, gasset]. */
const nameWords = (text: string): string[] => {
  const words: string[] = []
  let particles = ''
  for (const word of text.split(/[\s\u00a0]+/u).map(plainWord)) {
    if (word === '') continue
    if (PARTICLES.has(word)) {
      if (words.length === 0 || !MERE_LINKS.has(word)) particles += word
      continue
    }
    words.push(particles + word)
    particles = ''
  }
  if (particles !== '') words.push(particles)
  return words
}

const cut = (name: string, length: number): string => name.slice(0, length).replace(/[.-]+$/, '')

/** What stands for a name that has no Latin letter; the dot keeps every account apart from built-in ones (`root`). */
const NAMELESS = 'persona'

/**
 * Names for a person's account, most wanted first: `nombre.apellido`, then with the second surname, then with a number.
 * Only [a-z0-9.-], never longer than `longest` (the number is never what is cut), never repeating, without end for every
 * purpose. Which one is free is not asked here: the first that can be reserved is the person's.
 */
export function* accountNameCandidates(
  person: Pick<NamedPerson, 'givenNames' | 'surnames'>,
  longest: number,
): Generator<string> {
  if (longest < 12) throw new RangeError('an account name needs at least 12 characters')
  const [given = NAMELESS] = nameWords(person.givenNames)
  const [surname = NAMELESS, second] = nameWords(person.surnames)
  const whole = `${given}.${surname}`
  const first = cut(whole, longest)
  yield first
  if (second !== undefined) {
    const withSecond = cut(`${whole}.${second}`, longest)
    if (withSecond !== first) yield withSecond
  }
  for (let number = 2; ; number++) {
    const digits = String(number)
    yield cut(whole, longest - digits.length) + digits
  }
}

/**
 * What a badge is called on the doors: a number of seven digits that tells nothing of its bearer. No device takes a letter there.
 *
 * @param random in [0, 1)
 */
export function* badgePins(random: () => number): Generator<string> {
  for (;;) yield String(1_000_000 + Math.floor(random() * 9_000_000))
}

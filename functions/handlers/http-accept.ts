import type { Answer } from './http.ts'

/** A type that a client takes, with how much it likes it. */
interface Taken {
  readonly type: string
  readonly liking: number
}

const read = (accept: string): Taken[] =>
  accept.split(',').map(part => {
    const [type = '', ...parameters] = part.split(';').map(text => text.trim().toLowerCase())
    const quality = parameters.find(parameter => parameter.startsWith('q='))
    const liking = quality === undefined ? 1 : Number(quality.slice(2))
    return { type, liking: Number.isFinite(liking) ? liking : 0 }
  })

/** How much a client likes a type: what it says of the type itself counts before what it says of many. */
const likingOf = (taken: readonly Taken[], type: string): number => {
  const names = [type, `${type.split('/')[0]}/*`, '*/*']
  const found = names.map(name => taken.find(one => one.type === name)).find(one => one !== undefined)
  return found?.liking ?? 0
}

/**
 * The content type that a client likes best among those that are offered (RFC 9110, 12.5.1), the first of equals; null where it takes none
 * of them. Whoever says nothing takes the first.
 */
export function chosenType<T extends string>(accept: string | null, offered: readonly T[]): T | null {
  if (accept === null || accept.trim() === '') return offered[0] ?? null
  const taken = read(accept)
  const liked = offered
    .map(type => ({ type, liking: likingOf(taken, type) }))
    .filter(({ liking }) => liking > 0)
    .sort((one, other) => other.liking - one.liking)
  return liked[0]?.type ?? null
}

/** A table as a file to be kept under a name. */
export const csvFile = (
  { name, text }: { readonly name: string; readonly text: string },
  headers: Readonly<Record<string, string>> = {},
): Answer => ({
  status: 200,
  body: text,
  headers: {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${name}"`,
    ...headers,
  },
})

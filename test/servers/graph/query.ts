import { byDefault, onSelect } from './shapes.ts'
import { GraphError, type StoredUser } from './tenant.ts'

const unsupported = (message: string) => new GraphError(400, 'Request_UnsupportedQuery', message)
const known = ['$select', '$filter', '$top', '$skiptoken']

export interface Query {
  readonly select: readonly string[] | null
  readonly matches: (user: StoredUser) => boolean
  readonly top: number
  readonly skip: number
}

const equality = /^(userPrincipalName|employeeId|id) eq '((?:[^']|'')*)'$/
const membership = /^(userPrincipalName|employeeId|id) in \(('(?:[^']|'')*'(?:,'(?:[^']|'')*')*)\)$/
const mostInList = 15

/** The OData parameters of a list of users; what the service does not support, or this double does not know, is refused. */
export function readQuery(parameters: URLSearchParams): Query {
  for (const name of parameters.keys())
    if (!known.includes(name)) throw unsupported(`The query parameter '${name}' is not supported.`)
  const top = Number(parameters.get('$top') ?? 100)
  if (!Number.isInteger(top) || top < 1 || top > 999)
    throw unsupported('Invalid page size specified. Must be between 1 and 999 inclusive.')
  return {
    select: readSelect(parameters.get('$select')),
    matches: readFilter(parameters.get('$filter')),
    top,
    skip: readToken(parameters.get('$skiptoken')),
  }
}

export function readSelect(text: string | null): readonly string[] | null {
  if (text === null) return null
  const names = text.split(',')
  for (const name of names)
    if (![...byDefault, ...onSelect].includes(name))
      throw new GraphError(
        400,
        'BadRequest',
        `Could not find a property named '${name}' on type 'microsoft.graph.user'.`,
      )
  return names
}

function readFilter(text: string | null): (user: StoredUser) => boolean {
  if (text === null) return () => true
  const equal = equality.exec(text)
  const among = membership.exec(text)
  const property = (equal ?? among)?.[1] as 'userPrincipalName' | 'employeeId' | 'id' | undefined
  if (property === undefined) throw unsupported('Unsupported or invalid query filter clause.')
  const values = (among?.[2]?.match(/'(?:[^']|'')*'/g) ?? [`'${equal?.[2] ?? ''}'`]).map(value =>
    value.slice(1, -1).replaceAll("''", "'").toLowerCase(),
  )
  if (values.length > mostInList)
    throw unsupported('Too many child clauses specified in search filter expression.')
  return user => values.includes((user[property] ?? '').toLowerCase()) && user[property] !== null
}

export const tokenAt = (skip: number): string => Buffer.from(`page ${skip}`).toString('base64url')

function readToken(text: string | null): number {
  if (text === null) return 0
  const skip = /^page (\d+)$/.exec(Buffer.from(text, 'base64url').toString('utf8'))?.[1]
  if (skip === undefined)
    throw new GraphError(400, 'Directory_ExpiredPageToken', 'The specified page token value has expired.')
  return Number(skip)
}

/** A user as it is told: without `$select` the default properties only, never a password. */
export function shown(user: StoredUser, select: readonly string[] | null): object {
  const all: Record<string, unknown> = {
    ...user,
    businessPhones: [],
    mobilePhone: null,
    preferredLanguage: null,
    onPremisesExtensionAttributes: Object.fromEntries(
      Array.from({ length: 15 }, (_, at) => {
        const name = `extensionAttribute${at + 1}`
        return [name, user.onPremisesExtensionAttributes[name] ?? null]
      }),
    ),
    signInSessionsValidFromDateTime: user.signInSessionsValidFromDateTime.replace('.000Z', 'Z'),
  }
  return Object.fromEntries((select ?? byDefault).map(name => [name, all[name] ?? null]))
}

import * as z from 'zod'
import type { TrytonSettings } from '../../../schemas/settings.ts'
import type { TrytonClient } from './client.ts'
import { readRows } from './rows.ts'

const Identifier = z.object({ id: z.int(), party: z.int(), code: z.string() })
const Employee = z.object({ id: z.int(), party: z.int() })
const Employed = z.object({ id: z.int(), employees: z.array(z.int()) })

/** As ERPs write the same national id: bare, with hyphen, with dots. */
function spellings(nationalId: string): string[] {
  const [body = '', digit] = nationalId.split('-')
  if (digit === undefined) return [nationalId]
  const dotted = body.replace(/\B(?=(\d{3})+$)/g, '.')
  return [digit, digit.toLowerCase()].flatMap(one => [`${body}-${one}`, `${dotted}-${one}`, `${body}${one}`])
}

export const bareId = (code: string): string => code.replace(/[^0-9A-Za-z]/g, '').toUpperCase()

/**
 * The national ids of users who are employees, bare. A clerk may change an employee's identifier, so that it correlates and
 * never decides: what it finds has to be adopted by a human.
 */
export async function nationalIdsOf(
  client: TrytonClient,
  settings: TrytonSettings,
  userIds: readonly number[],
): Promise<Map<number, string>> {
  if (settings.nationalIdentifier === undefined || userIds.length === 0) return new Map()
  const users = await employedUsers(client, settings, ['id', 'in', userIds])
  const employees = await searchEmployees(client, settings, ['id', 'in', users.flatMap(one => one.employees)])
  const partyOf = new Map(employees.map(one => [one.id, one.party]))
  const identifiers = await searchIdentifiers(client, settings, [
    'party',
    'in',
    [...new Set(partyOf.values())],
  ])
  const codeOf = new Map(identifiers.map(one => [one.party, bareId(one.code)]))
  return new Map(
    users.flatMap(({ id, employees: own }) => {
      const codes = own.flatMap(employee => codeOf.get(partyOf.get(employee) ?? -1) ?? [])
      return codes[0] === undefined ? [] : [[id, codes[0]] as const]
    }),
  )
}

/** Ids of the users who are employees with one of these national ids, by the bare id. */
export async function usersByNationalId(
  client: TrytonClient,
  settings: TrytonSettings,
  nationalIds: readonly string[],
): Promise<Map<string, number[]>> {
  if (settings.nationalIdentifier === undefined || nationalIds.length === 0) return new Map()
  const identifiers = await searchIdentifiers(client, settings, [
    'code',
    'in',
    nationalIds.flatMap(spellings),
  ])
  const employees = await searchEmployees(client, settings, [
    'party',
    'in',
    identifiers.map(one => one.party),
  ])
  const users = await employedUsers(client, settings, ['employees', 'in', employees.map(one => one.id)])
  const found = new Map<string, number[]>()
  for (const { code, party } of identifiers) {
    const own = employees.filter(one => one.party === party).map(one => one.id)
    const ids = users.filter(user => user.employees.some(one => own.includes(one))).map(user => user.id)
    const known = found.get(bareId(code)) ?? []
    found.set(bareId(code), [...new Set([...known, ...ids])])
  }
  return found
}

async function employedUsers(client: TrytonClient, { id }: TrytonSettings, condition: readonly unknown[]) {
  if (isEmpty(condition)) return []
  const parameters = [[condition], 0, null, null, ['employees']]
  return readRows(id, Employed, await client.read('model.res.user.search_read', parameters))
}

async function searchEmployees(client: TrytonClient, { id }: TrytonSettings, condition: readonly unknown[]) {
  if (isEmpty(condition)) return []
  const parameters = [[condition], 0, null, null, ['party']]
  return readRows(id, Employee, await client.read('model.company.employee.search_read', parameters))
}

async function searchIdentifiers(
  client: TrytonClient,
  { id, nationalIdentifier }: TrytonSettings,
  condition: readonly unknown[],
) {
  if (isEmpty(condition)) return []
  const parameters = [[['type', '=', nationalIdentifier], condition], 0, null, null, ['party', 'code']]
  return readRows(id, Identifier, await client.read('model.party.identifier.search_read', parameters))
}

const isEmpty = ([, , values]: readonly unknown[]) => Array.isArray(values) && values.length === 0

import * as z from 'zod'
import type { ScimSettings } from '../../../schemas/settings.ts'
import { ConnectorError } from '../contract.ts'
import { type Modules, modulesBy, namesOf } from '../module-groups.ts'
import { refusalUnder, type ScimClient } from './client.ts'

const Group = z.object({
  schemas: z
    .array(z.string())
    .refine(schemas => schemas.includes('urn:ietf:params:scim:schemas:core:2.0:Group')),
  id: z.string().min(1),
  displayName: z.string(),
  members: z.array(z.object({ value: z.string() })).nullish(),
  meta: z.object({ version: z.string().nullish() }).nullish(),
})

/** The settings' groups with their members, as they were read at one time. */
export interface Memberships {
  readonly modules: Modules<string>
  /** Groups that somebody is in, of the settings' own. */
  of(userId: string): ReadonlySet<string>
  versionOf(group: string): string | null
}

/**
 * Who is in which group, as the groups tell it: a user's own `groups` may be left out by a service that has them. Groups that
 * do not stand in the settings are the ERP's and are not looked at.
 */
export async function readMemberships(client: ScimClient, settings: ScimSettings): Promise<Memberships> {
  const read = z.array(Group).safeParse(await client.all('/Groups'))
  if (!read.success) throw client.fault('misconfigured', true, { code: 'GROUP' })
  const own = new Set(namesOf(settings.modules))
  const groups = read.data.filter(({ displayName }) => own.has(displayName))
  const modules = modulesBy(settings.modules, name => {
    const [group, second] = groups.filter(({ displayName }) => displayName === name)
    // One that is missing, or there twice, is a fault of the installation.
    if (group === undefined || second !== undefined)
      throw client.fault('misconfigured', true, { code: 'GROUP' })
    return group.id
  })
  const versions = new Map(groups.map(group => [group.id, group.meta?.version ?? null]))
  const held = new Map<string, Set<string>>()
  for (const { id, members } of groups)
    for (const { value } of members ?? []) held.set(value, (held.get(value) ?? new Set()).add(id))
  return {
    modules,
    of: userId => held.get(userId) ?? new Set(),
    versionOf: group => versions.get(group) ?? null,
  }
}

/** Who comes into one group and who goes. */
export interface Delta {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

const attemptsAgainstOthers = 3

/**
 * Changes one group by difference, all people of a batch in one write: a member list is never written as a whole. Where the
 * service keeps versions it is told which one was read, so that two that write at once lose nobody.
 */
export async function changeGroup(
  client: ScimClient,
  group: string,
  { added, removed }: Delta,
  version: string | null,
): Promise<void> {
  const path = `/Groups/${encodeURIComponent(group)}`
  const changes = [
    ...removed.map(user => ({ op: 'remove', path: `members[value eq ${JSON.stringify(user)}]` }) as const),
    ...(added.length === 0
      ? []
      : [{ op: 'add', path: 'members', value: added.map(value => ({ value })) } as const]),
  ]
  if (changes.length === 0) return
  let known = version
  for (let attempt = 1; ; attempt++) {
    try {
      return await client.patch(path, changes, known)
    } catch (error) {
      if (refusalUnder(error)?.status !== 412 || attempt === attemptsAgainstOthers) throw error
      const now = Group.safeParse(await client.read(path))
      if (!now.success) throw new ConnectorError((error as ConnectorError).system, 'misconfigured', true)
      known = now.data.meta?.version ?? null
    }
  }
}

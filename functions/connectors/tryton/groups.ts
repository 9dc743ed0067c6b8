import * as z from 'zod'
import type { TrytonSettings } from '../../../schemas/settings.ts'
import { ConnectorError } from '../contract.ts'
import { type Modules, modulesBy, namesOf } from '../module-groups.ts'
import type { TrytonClient } from './client.ts'
import { readRows } from './rows.ts'

/** Milliseconds for which the groups of the settings need not be looked up again. */
const sureFor = 60_000

const Group = z.object({ id: z.int(), name: z.string(), active: z.boolean() })

/** Looks the settings' groups up by name. One that is missing, inactive or there twice is a fault of the installation. */
export function openGroups(client: TrytonClient, settings: TrytonSettings): () => Promise<Modules<number>> {
  const names = namesOf(settings.modules)
  let known: { modules: Modules<number>; until: number } | undefined

  async function lookUp(): Promise<Modules<number>> {
    const rows = readRows(
      settings.id,
      Group,
      await client.read('model.res.group.search_read', [
        [['name', 'in', names]],
        0,
        null,
        null,
        ['name', 'active'],
      ]),
    ).filter(group => group.active)
    const idOf = (name: string): number => {
      const [group, second] = rows.filter(row => row.name === name)
      if (group === undefined || second !== undefined)
        throw new ConnectorError(settings.id, 'misconfigured', true, { code: 'GROUP' })
      return group.id
    }
    return modulesBy(settings.modules, idOf)
  }

  return async () => {
    if (known === undefined || Date.now() > known.until)
      known = { modules: await lookUp(), until: Date.now() + sureFor }
    return known.modules
  }
}

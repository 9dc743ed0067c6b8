import { Atom } from '../../schemas/access.ts'
import { grantId } from '../domain/granting.ts'
import { lists } from './keys.ts'
import { queryAll, type Tables } from './tables.ts'

/** Where a grant is; what it says is read with its person. */
export interface GrantPlace {
  readonly personId: string
  readonly grant: string
  readonly atom: Atom
}

export type EndingGrantStore = ReturnType<typeof createEndingGrantStore>

/** What units granted, by the last day as filed: read from an index, which may lag a second behind. */
export function createEndingGrantStore(tables: Tables) {
  return {
    /**
     * What a unit granted that was not filed to end before a day, person by person; planta excepted. Some 250 bytes each: a
     * unit of five hundred people is read in one or two pages.
     */
    async ofUnit(unit: string, day: string): Promise<readonly GrantPlace[]> {
      const items = await queryAll(tables, {
        TableName: tables.state,
        IndexName: 'list',
        KeyConditionExpression: 'listKey = :list AND listSort >= :day',
        ExpressionAttributeValues: { ':list': lists.ending(unit), ':day': day },
      })
      return items
        .map(({ pk, sk }) => {
          const [, , , atom = '', request = '', line = ''] = (sk as string).split('#')
          const personId = (pk as string).slice('PERSON#'.length)
          return { personId, grant: grantId(request, line, atom), atom: Atom.parse(atom) }
        })
        .sort((one, other) => (one.personId < other.personId ? -1 : 1))
    },
  }
}

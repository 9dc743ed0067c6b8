import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { BodyRow, IdentityRow, type PersonRow, type RoleRow } from '../../schemas/rows.ts'
import type { ChainHead } from '../../schemas/target.ts'
import { chains, type Key, keys, personPlace, rolePlace } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { commit, type Tables, transactionLimit, type Write } from './tables.ts'
import { bare } from './target-rows.ts'

/** A person as the settings' bootstrap names them, with an opaque key made for them. */
export interface Founder {
  readonly personId: string
  readonly nationalId: string
  readonly issuer: string
  readonly subject: string
  readonly roles: readonly RoleRow[]
  readonly roleEntry: EntryDraft
  readonly identityEntry: EntryDraft
}

/** `full`: the register already has a body. `too-many`: the founders do not fit one transaction. */
export type Founding = 'founded' | 'full' | 'too-many'

export type IdentityStore = ReturnType<typeof createIdentityStore>

/** Who is behind a token, and how the register began. */
export function createIdentityStore(tables: Tables) {
  const absent = 'attribute_not_exists(pk)'
  const put = (key: Key, row: object, condition = absent): Write => ({
    Put: { TableName: tables.state, Item: { ...key, ...row }, ConditionExpression: condition },
  })

  return {
    /** The person a token's holder is linked to, or null. */
    async personOf(issuer: string, subject: string): Promise<string | null> {
      const answer = await tables.client.send(
        new GetCommand({
          TableName: tables.state,
          Key: keys.identity(issuer, subject),
          ConsistentRead: true,
        }),
      )
      return answer.Item === undefined ? null : IdentityRow.parse(bare(answer.Item)).personId
    },

    /**
     * Links a token's holder to a person, with an entry in the person's chain. `already`: so it stands; `taken`: it is
     * somebody else's; `stale`: the person's row moved since it was read.
     */
    async link(
      person: PersonRow,
      identity: { issuer: string; subject: string },
      entry: EntryDraft,
    ): Promise<'linked' | 'already' | 'taken' | 'stale'> {
      const standing = await this.personOf(identity.issuer, identity.subject)
      if (standing !== null) return standing === person.personId ? 'already' : 'taken'
      const sealed = seal(tables, chains.person(person.personId), person.head, entry)
      const row: IdentityRow = { version: 1, personId: person.personId, linkedAt: entry.at }
      const result = await commit(tables, [
        moveHead(tables, person, sealed.head),
        sealed.write,
        put(keys.identity(identity.issuer, identity.subject), row),
      ])
      if (result.done) return 'linked'
      return result.refused.some(index => index <= 1) ? 'stale' : 'taken'
    },

    /** The body's row; null while the register is empty. */
    async body(): Promise<BodyRow | null> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.body(), ConsistentRead: true }),
      )
      return answer.Item === undefined ? null : BodyRow.parse(bare(answer.Item))
    },

    /** Founds the register in one transaction: the body and its first people, as the first entries of their chains. */
    async found(bodyId: string, entry: EntryDraft, founders: readonly Founder[]): Promise<Founding> {
      const body = seal(tables, chains.body(), emptyChain, entry)
      const row: BodyRow = { version: 1, bodyId, foundedAt: entry.at, head: body.head }
      const writes: Write[] = [put(keys.body(), row), body.write]
      for (const founder of founders) {
        const { personId, nationalId } = founder
        const chain = chains.person(personId)
        const roles = seal(tables, chain, emptyChain, founder.roleEntry)
        const identity = seal(tables, chain, roles.head, founder.identityEntry)
        const person: PersonRow = {
          version: 1,
          personId,
          nationalId,
          facts: 0,
          head: identity.head,
          declared: null,
        }
        writes.push(
          put(keys.nationalId(nationalId), { version: 1, nationalId, personId }),
          put(keys.person(personId), { ...person, ...personPlace(personId) }),
          put(keys.identity(founder.issuer, founder.subject), { version: 1, personId, linkedAt: entry.at }),
          ...founder.roles.map(role =>
            put(keys.role(personId, role.role), { ...role, ...rolePlace(personId, role) }),
          ),
          roles.write,
          identity.write,
        )
      }
      if (writes.length > transactionLimit) return 'too-many'
      return (await commit(tables, writes)).done ? 'founded' : 'full'
    },
  }
}

/** Only the chain moves: neither a link nor a role is a fact about what a person should have, so no target is woken. */
export const moveHead = (tables: Tables, person: PersonRow, head: ChainHead): Write => ({
  Update: {
    TableName: tables.state,
    Key: keys.person(person.personId),
    UpdateExpression: 'SET #head = :head',
    ConditionExpression: '#head.#sequence = :sequence',
    ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
    ExpressionAttributeValues: { ':head': head, ':sequence': person.head.sequence },
  },
})

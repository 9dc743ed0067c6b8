import { Attribute, Change, Client, EqualityFilter, PresenceFilter } from 'ldapts'
import { guidText, profileValues } from '../../functions/connectors/active-directory/attributes.ts'
import { type Act, type Arena, arrivalTicks, type Contestant, type Subject } from './directory-arena.ts'
import { profileOf } from './directory-connector.ts'

export const change = (operation: 'add' | 'delete' | 'replace', type: string, value: string | Buffer) =>
  new Change({
    operation,
    modification: new Attribute({ type, values: Buffer.isBuffer(value) ? [value] : [value] }),
  })

/** What has to be known of an account to decide anything about it. */
export const needed = [
  ...[
    'objectGUID',
    'objectSid',
    'sAMAccountName',
    'userAccountControl',
    'accountExpires',
    'pwdLastSet',
    'memberOf',
  ],
  ...['primaryGroupID', 'adminCount', 'servicePrincipalName', 'displayName', 'givenName', 'sn', 'title'],
  ...['department', 'employeeID'],
]
const everybody = new PresenceFilter({ attribute: 'objectClass' })
export const benchPassword = Buffer.from('"Cl4ve-de-la-persona"', 'utf16le')

/** Bare ldapts: the operations and nothing else, as many under way on each connection as our connector has. */
export async function ldaptsContestant(
  { url, ca, service, settings }: Arena,
  connections: number,
): Promise<Contestant> {
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new Client({ url, timeout: 60_000, tlsOptions: { ca } })
      await client.bind(service.bindDn, service.password)
      return client
    }),
  )
  const active = ({ name }: Subject) => `CN=${name},${settings.activeOu}`
  const inactive = ({ name }: Subject) => `CN=${name},${settings.inactiveOu}`
  const look = (client: Client, { guid }: Subject) =>
    client.search(`<GUID=${guid}>`, {
      scope: 'base',
      filter: everybody,
      attributes: needed,
      explicitBufferAttributes: ['objectGUID', 'objectSid'],
    })
  const groups = [settings.groups.internet.controlado, settings.groups.entitlements.vpn ?? '']
  const flags = (from: string, to: string) => [
    change('delete', 'userAccountControl', from),
    change('add', 'userAccountControl', to),
  ]
  const doing: Record<Act, (client: Client, subject: Subject) => Promise<unknown>> = {
    async create(client, subject) {
      await client.add(active(subject), {
        objectClass: 'user',
        sAMAccountName: subject.name,
        userPrincipalName: `${subject.name}@${settings.upnSuffix}`,
        userAccountControl: '514',
        ...profileValues(profileOf(subject)),
      })
      await client.modify(active(subject), change('replace', 'unicodePwd', benchPassword))
      await client.modify(active(subject), flags('514', '512'))
    },
    async 'two-groups'(client, subject) {
      for (const group of groups) await client.modify(group, change('add', 'member', active(subject)))
    },
    async disable(client, subject) {
      await look(client, subject)
      await client.modify(active(subject), flags('512', '514'))
      await look(client, subject)
    },
    async reactivate(client, subject) {
      await client.modifyDN(inactive(subject), active(subject))
      await client.modify(active(subject), [
        change('replace', 'accountExpires', arrivalTicks),
        ...flags('514', '512'),
      ])
    },
    'look-up': look,
  }
  const each = async (
    people: Subject[],
    atOnce: number,
    one: (client: Client, subject: Subject) => Promise<unknown>,
  ) => {
    let next = 0
    const work = async (client: Client) => {
      for (let subject = people[next++]; subject; subject = people[next++]) await one(client, subject)
    }
    await Promise.all(clients.flatMap(client => Array.from({ length: atOnce }, () => work(client))))
  }
  return {
    async prepare(act, people) {
      if (act === 'two-groups')
        await each(people, 1, async (client, subject) => {
          const { searchEntries } = await client.search(settings.activeOu, {
            filter: new EqualityFilter({ attribute: 'sAMAccountName', value: subject.name }),
            attributes: ['objectGUID'],
            explicitBufferAttributes: ['objectGUID'],
          })
          const guid = searchEntries[0]?.objectGUID
          if (Buffer.isBuffer(guid)) subject.guid = guidText(guid)
        })
      if (act === 'reactivate')
        await each(people, 1, async (client, subject) => {
          for (const group of groups) await client.modify(group, change('delete', 'member', active(subject)))
          await client.modifyDN(active(subject), inactive(subject))
        })
    },
    async run(act, people) {
      await each(people, act === 'look-up' || act === 'disable' ? 8 : 2, doing[act])
    },
    async close() {
      await Promise.all(clients.map(client => client.unbind()))
    },
  }
}

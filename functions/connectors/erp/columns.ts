import type { ErpSettings } from '../../../schemas/settings.ts'
import { name } from '../sql-statements.ts'

/** The ERP's tables and columns as pieces of a statement. `users` goes by the alias `u` in reading, `permissions` by `p`. */
export function columnsOf({ mapping }: ErpSettings) {
  const { schema, users, permissions } = mapping
  const table = (own: string) => (schema === undefined ? name(own) : name(schema, own))
  return {
    users: table(users.table),
    permissions: table(permissions.table),
    /** Marks of what this system made, where the ERP has no place for the national id: `account` is the user's key as text. */
    owners: table('llavero_owner'),
    id: name(users.id),
    login: name(users.login),
    name: name(users.name),
    active: name(users.active),
    endsAt: name(users.validUntil),
    nationalId: users.nationalId === undefined ? null : name(users.nationalId),
    mail: users.mail === undefined ? null : name(users.mail),
    holder: name(permissions.user),
    module: name(permissions.module),
    read: name(permissions.read),
    insert: name(permissions.insert),
    update: name(permissions.update),
    delete: name(permissions.delete),
    specific: name(permissions.specific),
    permissionEndsAt: name(permissions.validUntil),
  }
}

export type Columns = ReturnType<typeof columnsOf>

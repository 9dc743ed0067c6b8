import { sql } from 'kysely'
import type { ErpSettings } from '../../../schemas/settings.ts'

/** The ERP's tables and columns as pieces of a statement. `users` goes by the alias `u` in reading, `permissions` by `p`. */
export function columnsOf({ mapping }: ErpSettings) {
  const { schema, users, permissions } = mapping
  const table = (name: string) => (schema === undefined ? sql.id(name) : sql.id(schema, name))
  return {
    users: table(users.table),
    permissions: table(permissions.table),
    /** Marks of what this system made, where the ERP has no place for the national id: `account` is the user's key as text. */
    owners: table('llavero_owner'),
    id: sql.id(users.id),
    login: sql.id(users.login),
    name: sql.id(users.name),
    active: sql.id(users.active),
    endsAt: sql.id(users.validUntil),
    nationalId: users.nationalId === undefined ? null : sql.id(users.nationalId),
    holder: sql.id(permissions.user),
    module: sql.id(permissions.module),
    read: sql.id(permissions.read),
    insert: sql.id(permissions.insert),
    update: sql.id(permissions.update),
    delete: sql.id(permissions.delete),
    specific: sql.id(permissions.specific),
    permissionEndsAt: sql.id(permissions.validUntil),
  }
}

export type Columns = ReturnType<typeof columnsOf>

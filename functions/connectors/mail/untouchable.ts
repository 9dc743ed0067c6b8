import type { MailSettings } from '../../../schemas/settings.ts'

/** Mailboxes that every mail system has for its own business (RFC 2142, and Unix's root). */
const roles = new Set([
  ...['abuse', 'hostmaster', 'mailer-daemon', 'noc', 'noreply', 'no-reply', 'postmaster', 'root'],
  ...['security', 'webmaster'],
])

/** A mailbox that belongs to no person: never made, adopted or changed here. */
export const isUntouchable = (settings: MailSettings, address: string): boolean =>
  roles.has(address.slice(0, address.lastIndexOf('@')).toLowerCase()) ||
  (settings.untouchable ?? []).includes(address.toLowerCase())

import type { AuditEntry } from '../../schemas/api.ts'
import { LedgerEntry } from '../../schemas/ledger.ts'
import type { SealedEntry } from '../stores/ledger.ts'
import type { KnownPeople } from './known-people.ts'

/** An entry as told to who may read it: the ledger's opaque ids, joined with names and national ids as they are today. */
export async function entryView(sealed: SealedEntry, people: KnownPeople): Promise<AuditEntry> {
  const entry = LedgerEntry.parse(JSON.parse(sealed.text))
  const { version: _, subject, actor, request, ...rest } = entry
  const [whom, who] = await Promise.all([
    subject === null ? null : people.ref(subject),
    actor.personId === null ? null : people.ref(actor.personId),
  ])
  return {
    ...rest,
    subject: {
      personId: subject,
      ...(whom?.nationalId != null && { nationalId: whom.nationalId }),
      ...(whom?.name != null && { name: whom.name }),
    },
    actor: {
      personId: actor.personId,
      ...(who?.nationalId != null && { nationalId: who.nationalId }),
      role: actor.role,
      ...(actor.onBehalfOf !== null && { onBehalfOf: actor.onBehalfOf }),
    },
    ...(request !== null && { request }),
    hash: sealed.hash,
  }
}

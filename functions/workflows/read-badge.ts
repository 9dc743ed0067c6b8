import type { PersonRef } from '../../schemas/api.ts'
import type { BadgeView } from '../../schemas/api-badges.ts'
import type { HandedCard } from '../../schemas/badges.ts'
import { receiptWords, withdrawalOf } from '../domain/badge.ts'
import type { Caller } from '../domain/entitlement.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import { type BadgeRegisters, type Bearer, findBearer } from './find-bearer.ts'
import { knownPeople } from './known-people.ts'
import { parsedChain } from './parsed-chain.ts'

/** A person's badge, to themselves and to who hands cards out or answers for the room (R21). */
export async function readBadge(
  registers: BadgeRegisters,
  caller: Caller,
  writtenId: string,
): Promise<BadgeView | Refusal> {
  const bearer = await findBearer(registers, caller, writtenId, ['it', 'security'])
  return isRefusal(bearer) ? bearer : viewBadge(registers, bearer)
}

/**
 * A badge as the caller may see it. Somebody sees the number of their own card once they have signed: until then it is read
 * off the card, which proves that it is in their hands. Whoever handed it over is told to them by name only.
 */
export async function viewBadge(registers: BadgeRegisters, { person, as }: Bearer): Promise<BadgeView> {
  const { personId } = person.row
  const { card, former, task } = registers.badges.of(person)
  const people = knownPeople(registers)
  const by = async (id: string): Promise<PersonRef> => {
    const ref = await people.ref(id)
    return as === 'self' && id !== personId ? { ...ref, nationalId: null } : ref
  }
  const view = async ({ number, handedAt, handedBy, receipt }: HandedCard) => ({
    number: as === 'self' && receipt === null ? null : number,
    handedAt,
    handedBy: await by(handedBy),
    receipt,
  })
  const chain = registers.chains.target(personId, 'data-centre')
  return {
    person: await people.ref(personId),
    pin: person.targets.get('data-centre')?.name ?? null,
    card: card && (await view(card)),
    toAccept: card !== null && card.receipt === null ? receiptWords(registers.settings.locale) : null,
    former: await Promise.all(
      former.map(async ({ gone, ...one }) => ({
        ...(await view(one)),
        gone: { ...gone, by: await by(gone.by) },
      })),
    ),
    task: task?.id ?? null,
    withdrawn: withdrawalOf(await parsedChain(registers.ledger, chain, '~')),
  }
}

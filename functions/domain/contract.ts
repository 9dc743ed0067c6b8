import type { Contract } from '../../schemas/contract.ts'

/** What tells two contracts of one person apart. A contract-renewed with the same key moves the end of the same contract. */
export const contractKey = (contract: Pick<Contract, 'type' | 'startsOn'>): string =>
  `${contract.type}:${contract.startsOn}`

/** R2: every contract but honorarios, whatever the regime; `otra` is by definition one with it. */
export const hasAdministrativeResponsibility = (contract: Pick<Contract, 'type'>): boolean =>
  contract.type !== 'honorarios'

/** The access of these has to end on 31 December (R3). */
export const endsWithTheYear = (contract: Pick<Contract, 'type'>): boolean =>
  contract.type === 'contrata' || contract.type === 'plazo-fijo'

/**
 * Whether a contract carries on what was renewed under an earlier one. A promotion (contrata to planta) or any other change
 * between contracts with administrative responsibility asks for nothing less than the renewed one did (R2), so nobody
 * notices it; into or out of honorarios somebody answers for other things, and the unit asks anew.
 */
export const follows = (
  next: Pick<Contract, 'type' | 'startsOn'>,
  renewed: Pick<Contract, 'type' | 'startsOn'>,
): boolean =>
  next.startsOn > renewed.startsOn &&
  hasAdministrativeResponsibility(next) === hasAdministrativeResponsibility(renewed)

const words = (text: string | undefined) => text?.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim()

/** Whether a form's contract is the register's own. Only the words of `otherType` may differ in case and spaces. */
export const sameContract = (one: Contract, other: Contract): boolean =>
  one.type === other.type &&
  one.regime === other.regime &&
  one.startsOn === other.startsOn &&
  one.endsOn === other.endsOn &&
  words(one.otherType) === words(other.otherType)

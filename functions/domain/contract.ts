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

const words = (text: string | undefined) => text?.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim()

/** Whether a form's contract is the register's own. Only the words of `otherType` may differ in case and spaces. */
export const sameContract = (one: Contract, other: Contract): boolean =>
  one.type === other.type &&
  one.regime === other.regime &&
  one.startsOn === other.startsOn &&
  one.endsOn === other.endsOn &&
  words(one.otherType) === words(other.otherType)

import * as z from 'zod'
import { CivilDate } from './calendar.ts'

/** `calidad de contratación`: legal categories keep their Spanish names. */
export const ContractType = z.enum(['planta', 'contrata', 'plazo-fijo', 'otra', 'honorarios'])
export type ContractType = z.infer<typeof ContractType>

/** Which statute rules the post: the municipality's own, or one of the transferred services. */
export const Regime = z.enum(['municipal', 'educacion', 'salud'])
export type Regime = z.infer<typeof Regime>

/**
 * A person's contract. `endsOn` is the last day with access; null or absent only for planta (permanent).
 * `otherType` names, in words, another contract with administrative responsibility: there and only there.
 */
export const Contract = z
  .strictObject({
    type: ContractType,
    otherType: z.string().trim().min(1).max(80).optional(),
    regime: Regime.default('municipal'),
    startsOn: CivilDate,
    endsOn: CivilDate.nullish().transform(day => day ?? null),
  })
  .superRefine((contract, issues) => {
    if (contract.type === 'otra' && contract.otherType === undefined)
      issues.addIssue({ code: 'custom', path: ['otherType'], message: 'contract.other-type-missing' })
    if (contract.type !== 'otra' && contract.otherType !== undefined)
      issues.addIssue({ code: 'custom', path: ['otherType'], message: 'contract.other-type-unexpected' })
    if (contract.type !== 'planta' && contract.endsOn === null)
      issues.addIssue({ code: 'custom', path: ['endsOn'], message: 'contract.end-missing' })
    if (contract.endsOn !== null && contract.endsOn < contract.startsOn)
      issues.addIssue({ code: 'custom', path: ['endsOn'], message: 'contract.ends-before-start' })
  })
  .meta({ id: 'Contract' })
export type Contract = z.infer<typeof Contract>

import { Access, EndedAccess } from '../../schemas/access.ts'
import type { Form } from '../../schemas/request.ts'
import type { Settings } from '../../schemas/settings.ts'
import { catalogueFaults } from './eligibility.ts'
import type { CodedFault } from './refusal.ts'

const membersOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/**
 * Catalogue faults of a form whose shape is wrong somewhere: every national id that is a text and every access that can be
 * read is judged as it would be in a whole form, so that one answer tells everything there is to correct.
 */
export function faultsOfBrokenForm(sent: unknown, settings: Settings): readonly CodedFault[] {
  const { activations, deactivations } = membersOf(sent)
  const judged = new Set<string>()
  const idOf = (value: unknown, pointer: string) => {
    if (typeof value === 'string') judged.add(pointer)
    return typeof value === 'string' ? value : ''
  }
  const form = {
    activations: listOf(activations).map((line, index) => {
      const { person, access } = membersOf(line)
      const at = `/activations/${index}`
      return {
        person: { nationalId: idOf(membersOf(person).nationalId, `${at}/person/nationalId`) },
        access: Access.safeParse(access).data ?? { system: 'mail' },
      }
    }),
    deactivations: listOf(deactivations).map((line, index) => {
      const { nationalId, access } = membersOf(line)
      return {
        nationalId: idOf(nationalId, `/deactivations/${index}/nationalId`),
        access: EndedAccess.safeParse(access).data ?? { system: 'all' },
      }
    }),
  }
  // Only ids and accesses are looked at; what else a whole form has makes no difference to this question.
  return catalogueFaults(form as Form, settings).filter(
    ({ pointer }) => judged.has(pointer) || !pointer.endsWith('/nationalId'),
  )
}

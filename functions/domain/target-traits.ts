import type { TargetSettings } from '../../schemas/settings.ts'
import type { Desired } from './desired-access.ts'

/** What a target can do by its nature. */
export interface TargetTraits {
  /**
   * Whether an end can be armed in the target, so that access stops there by itself. Where not, `expiresAt` and a right's
   * `until` are null in every observation, and the sweeper ends the access.
   */
  readonly armsEnd: boolean
  /** R5: whether outgoing mail can be copied to the head. Where not, nobody can ask for it. */
  readonly copiesToHead: boolean
  /**
   * Whether taking away rights and putting an account away costs far more than closing it: then an end that came by the
   * calendar, for everybody in the same night, closes everybody first.
   */
  readonly tidiesLater: boolean
  /** R11: whether people set the account's password through this system. */
  readonly setsPassword: boolean
}

/** By the kind of the target; the connectors' suites hold them to it. */
export function traitsOf(target: TargetSettings): TargetTraits {
  switch (target.kind) {
    case 'postfixadmin':
      return { armsEnd: true, copiesToHead: true, tidiesLater: false, setsPassword: true }
    case 'active-directory':
      return { armsEnd: true, copiesToHead: false, tidiesLater: true, setsPassword: true }
    // A badge carries its end on the device itself.
    case 'security-push':
    case 'sql':
      return { armsEnd: true, copiesToHead: false, tidiesLater: false, setsPassword: false }
    case 'microsoft-365':
    case 'tryton':
    case 'scim':
      return { armsEnd: false, copiesToHead: false, tidiesLater: false, setsPassword: true }
    case 'manual':
      return { armsEnd: false, copiesToHead: false, tidiesLater: false, setsPassword: false }
  }
}

/** What should be, as far as this target can hold it. What it cannot arm stays a moment at which the row falls due. */
export function fitted(desired: Desired, target: TargetSettings | undefined): Desired {
  if (target === undefined || traitsOf(target).armsEnd) return desired
  return { ...desired, expiresAt: null, rights: desired.rights.map(right => ({ ...right, until: null })) }
}

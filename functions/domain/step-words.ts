import type { Settings, TargetId } from '../../schemas/settings.ts'
import type { Right, Step } from '../../schemas/target.ts'
import { sayInstant } from './civil-time.ts'
import { type Code, say } from './texts/index.ts'

/** What words need beside the step itself. */
export interface Worded {
  readonly settings: Settings
  readonly target: TargetId | null
  /** The account's name in the target. */
  readonly name: string
}

/** A phrase of the catalogue inside a sentence: without its full stop. */
export const phrase = (
  { settings }: Pick<Worded, 'settings'>,
  code: Code,
  parameters: Readonly<Record<string, string | number>> = {},
): string => say(settings.locale, code, parameters).replace(/\.$/, '')

/** A phrase in the middle of a sentence; an abbreviation keeps its capitals. */
export const within = (worded: Pick<Worded, 'settings'>, code: Code): string => {
  const said = phrase(worded, code)
  return /^\p{Lu}{2}/u.test(said) ? said : `${said.slice(0, 1).toLowerCase()}${said.slice(1)}`
}

/** A right as the catalogue of the body names it; what a right allows in an ERP module is said beside it. */
export function rightInWords(worded: Worded, right: Pick<Right, 'id'> & Partial<Right>): string {
  const { settings, target } = worded
  if (target === 'directory') {
    const [kind, id = ''] = right.id.split(':')
    if (kind === 'internet') return phrase(worded, 'right.internet', { profile: id })
    if (kind === 'removable-storage') return phrase(worded, 'right.removable-storage')
    return settings.entitlements.find(one => one.id === id)?.name ?? id
  }
  if (target === 'data-centre') {
    const serial = right.id.slice('door:'.length)
    return settings.doors.find(door => door.serial === serial)?.name ?? serial
  }
  if (right.id === 'copy-to-head') return phrase(worded, 'right.copy-to-head')
  const named = settings.erpModules.find(one => one.id === right.id)?.name ?? right.id
  const { operations, specific } = right
  if (operations === undefined) return named
  const kind =
    operations.length === 0
      ? phrase(worded, 'right.consulta')
      : phrase(worded, 'right.actualizacion', { operations: operations.join(', ') })
  const parts = specific !== undefined && specific.length > 0 ? specific.join('; ') : null
  return [named, kind, ...(parts === null ? [] : [phrase(worded, 'right.specific', { parts })])].join('. ')
}

/** Steps that say all by their name. */
const simple: Readonly<Record<Exclude<Step['act'], 'set-expiry' | 'revoke' | 'grant'>, Code>> = {
  create: 'step.create',
  enable: 'step.enable',
  disable: 'step.disable',
  'end-sessions': 'step.end-sessions',
  adopt: 'step.adopt',
  restore: 'step.restore',
  retire: 'step.retire',
  'set-profile': 'step.set-profile',
}

const stepInWords = (worded: Worded, step: Step): string => {
  const { locale, timeZone } = worded.settings
  const { name } = worded
  switch (step.act) {
    case 'set-expiry':
      return step.expiresAt === null
        ? say(locale, 'step.clear-expiry', { name })
        : say(locale, 'step.set-expiry', { name, until: sayInstant(step.expiresAt, timeZone) })
    case 'revoke':
      return say(locale, 'step.revoke', { name, right: rightInWords(worded, { id: step.right }) })
    case 'grant':
      return say(locale, 'step.grant', { name, right: rightInWords(worded, step.right) })
    default:
      return say(locale, simple[step.act], { name })
  }
}

/** A plan as a human can follow it, a sentence a step, in the plan's own order. */
export const stepsInWords = (worded: Worded, steps: readonly Step[]): string[] =>
  steps.map(step => stepInWords(worded, step))

import type { MovementPage } from '../../schemas/api-movements.ts'
import type { Settings } from '../../schemas/settings.ts'
import { sayInstant } from './civil-time.ts'
import { separatorOf, writeCsv } from './csv.ts'
import type { RegisterFile } from './register-csv.ts'
import { phrase } from './step-words.ts'
import { type Code, say } from './texts/index.ts'

const events: Readonly<Record<number, Code>> = {
  0: 'movement.opened',
  8: 'movement.remote',
  21: 'movement.outside-hours',
  23: 'movement.illegal',
  24: 'movement.anti-passback',
  27: 'movement.unknown-card',
  28: 'movement.held-open',
  29: 'movement.expired',
  38: 'movement.lost-card',
  39: 'movement.blacklisted',
  100: 'movement.tamper',
  101: 'movement.duress',
  102: 'movement.forced',
  200: 'movement.door-opened',
  201: 'movement.door-closed',
  202: 'movement.exit-button',
  206: 'movement.started',
}

/** What a device's code says; devices know more codes than anything here follows from. */
export const eventInWords = (settings: Pick<Settings, 'locale'>, event: number): string =>
  say(settings.locale, events[event] ?? 'movement.other', { event })

/** A page of movements as a file that opens in Excel. */
export function movementFile(
  page: MovementPage,
  settings: Settings,
  asked: { readonly person?: string | undefined; readonly door?: string | undefined },
): RegisterFile {
  const words = (code: Code) => phrase({ settings }, code)
  const records = page.entries.map(one => [
    sayInstant(one.at, settings.timeZone),
    one.door.name ?? one.door.serial,
    one.message.replace(/\.$/, ''),
    one.way === null ? '' : words(one.way === 'in' ? 'movement.in' : 'movement.out'),
    one.pin ?? '',
    one.person?.nationalId ?? '',
    one.person?.name ?? '',
    one.card ?? '',
    one.door.serial,
    String(one.epoch),
    String(one.index),
  ])
  const next = new URLSearchParams({
    from: page.from,
    to: page.to,
    ...(asked.person !== undefined && { person: asked.person }),
    ...(asked.door !== undefined && { door: asked.door }),
    cursor: page.cursor ?? '',
  })
  return {
    name: `${words('movement.title').toLowerCase()}-${page.from}-${page.to}${page.page === 1 ? '' : `-${page.page}`}.csv`,
    text: writeCsv([words('movement.columns').split(';'), ...records], separatorOf(settings.locale)),
    next: page.cursor === null ? null : `/movements?${next}`,
  }
}

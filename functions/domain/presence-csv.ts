import type { PresenceView } from '../../schemas/api-visits.ts'
import type { Settings } from '../../schemas/settings.ts'
import { plainWord } from './account-name.ts'
import { sayInstant } from './civil-time.ts'
import { separatorOf, writeCsv } from './csv.ts'
import { phrase } from './step-words.ts'

/** Who is inside as a file that opens in Excel. What makes it uncertain stands first: a table has no other place to say it. */
export function presenceFile(view: PresenceView, settings: Settings): { name: string; text: string } {
  const word = (code: Parameters<typeof phrase>[1]) => phrase({ settings }, code)
  const instant = (at: string | null) =>
    at === null ? word('visit.never') : sayInstant(at, settings.timeZone)
  const doorName = (serial: string) => settings.doors.find(door => door.serial === serial)?.name ?? serial
  const records = [
    ...view.devices
      .filter(({ silent }) => silent)
      .map(({ name, lastSeenAt }) => [
        word('visit.silent-device'),
        name,
        '',
        '',
        instant(lastSeenAt),
        '',
        '',
      ]),
    ...view.staff.map(({ person, pin, since, door }) => [
      word('visit.staff'),
      person?.name ?? pin,
      '',
      '',
      instant(since),
      doorName(door),
      '',
    ]),
    ...view.visitors.map(({ name, company, escort, escortInside, since, overdue }) => [
      word('visit.visitor'),
      name ?? '',
      company ?? '',
      escort?.name ?? word('visit.nobody'),
      instant(since),
      '',
      [...(overdue ? ['visit.overdue' as const] : []), ...(escortInside ? [] : ['visit.alone' as const])]
        .map(word)
        .join(', '),
    ]),
  ]
  const slug = word('visit.presence-title').split(' ').map(plainWord).join('-')
  const stamp = instant(view.at).replace(/[^\d]+/g, '-')
  return {
    name: `${slug}-${stamp}.csv`,
    text: writeCsv([word('visit.presence-columns').split(';'), ...records], separatorOf(settings.locale)),
  }
}

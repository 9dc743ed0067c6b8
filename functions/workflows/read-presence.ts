import type { PresenceView } from '../../schemas/api-visits.ts'
import { isOverdue } from '../domain/visits.ts'
import { knownPeople } from './known-people.ts'
import { nowOf } from './registers.ts'
import type { VisitDesk } from './visit-desk.ts'

/**
 * Who is inside now (by `it`, `security`, `authority`), for an evacuation: whoever went in by the doors' own word, and every
 * visitor whose exit was not written down. A silent device changes nothing of that: it is told, and what was known last holds.
 */
export async function readPresence(desk: VisitDesk): Promise<PresenceView> {
  const { settings } = desk
  const { at } = nowOf(desk)
  const people = knownPeople(desk)
  const [inside, unsettled, counted, seen] = await Promise.all([
    desk.presences.inside(),
    desk.visits.unsettled(),
    desk.visits.counted(),
    desk.devices.of(settings.doors.map(({ serial }) => serial)),
  ])
  const visits = unsettled.filter(({ state }) => state === 'inside')
  const heardAfter = new Date(Date.parse(at) - settings.dataCentre.silentMinutes * 60_000).toISOString()
  const devices = settings.doors.map(({ serial, name }) => {
    const lastSeenAt = seen.get(serial)?.lastSeenAt ?? null
    return { serial, name, lastSeenAt, silent: lastSeenAt === null || lastSeenAt < heardAfter }
  })
  desk.log('presence-read', { staff: inside.length, visitors: visits.length })
  return {
    at,
    certain: devices.every(({ silent }) => !silent),
    maximum: settings.dataCentre.maximumInside ?? null,
    staff: await Promise.all(
      inside.map(async row => ({
        person: row.personId === null ? null : await people.ref(row.personId),
        pin: row.pin,
        since: row.at,
        door: row.serial,
      })),
    ),
    visitors: await Promise.all(
      visits.map(async visit => ({
        visit: visit.id,
        name: visit.visitor && `${visit.visitor.givenNames} ${visit.visitor.surnames}`,
        company: visit.visitor?.company ?? null,
        escort: visit.escort === null ? null : await people.ref(visit.escort),
        escortInside: inside.some(({ personId }) => personId !== null && personId === visit.escort),
        since: visit.entry?.at ?? visit.recordedAt,
        overdue: isOverdue(visit, settings, at),
      })),
    ),
    count: { counted, open: visits.length, differs: counted !== visits.length },
    devices,
  }
}

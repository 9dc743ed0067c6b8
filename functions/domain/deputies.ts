import type { CivilDate } from '../../schemas/calendar.ts'
import type { Deputy } from '../../schemas/unit.ts'
import { addDays, earlierOf, laterOf } from './civil-time.ts'

/** Deputies with one more period: joined with those of the same person that it meets or follows on. The same list: nothing is new. */
export function withDeputy(deputies: Deputy[], named: Deputy): Deputy[] {
  const meets = (one: Deputy) =>
    one.personId === named.personId &&
    one.from <= addDays(named.until, 1) &&
    named.from <= addDays(one.until, 1)
  const met = deputies.filter(meets)
  if (met.some(({ from, until }) => from <= named.from && named.until <= until)) return deputies
  const whole = {
    personId: named.personId,
    from: met.map(({ from }) => from).reduce(earlierOf, named.from),
    until: met.map(({ until }) => until).reduce(laterOf, named.until),
  }
  return [...deputies.filter(one => !met.includes(one)), whole]
}

/** Deputies without what a person has from a day on; what was until the day before stays. The same list: there is nothing. */
export function withoutDeputy(deputies: Deputy[], personId: string, day: CivilDate): Deputy[] {
  const ends = (one: Deputy) => one.personId === personId && one.until >= day
  if (!deputies.some(ends)) return deputies
  return deputies.flatMap(one => {
    if (!ends(one)) return [one]
    return one.from < day ? [{ ...one, until: addDays(day, -1) }] : []
  })
}

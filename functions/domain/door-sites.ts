import { createHash, timingSafeEqual } from 'node:crypto'
import type { SiteSecrets } from '../../schemas/doors.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Whether a device may come by this path. However it answers, it has compared with every site, in the same time. */
export function mayCome({ sites }: SiteSecrets, secret: string, serial: string): boolean {
  const given = digest(secret)
  let found = false
  for (const site of sites) {
    const same = timingSafeEqual(digest(site.secret), given)
    const listed = site.serials.includes(serial)
    found = (same && listed) || found
  }
  return found
}

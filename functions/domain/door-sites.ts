import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto'
import type { SiteSecrets } from '../../schemas/doors.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

export interface Coming {
  /** The secret in the path. */
  readonly secret: string
  readonly serial: string
  /** PEM of the certificate by which whoever calls was let in; null: nobody asked for one. */
  readonly certificate: string | null
}

/**
 * Whether a device may come by this path: its site's secret, its serial number, and where the site names an authority a
 * certificate of that one. However it answers, it has compared with every secret, in the same time.
 */
export function mayCome({ sites }: SiteSecrets, { secret, serial, certificate }: Coming): boolean {
  const given = digest(secret)
  let found = false
  for (const site of sites) {
    const same = timingSafeEqual(digest(site.secret), given)
    const listed = site.serials.includes(serial)
    const certified = site.authority === undefined || isCertifiedBy(site.authority, certificate)
    found = (same && listed && certified) || found
  }
  return found
}

/** By its signature: a name in a certificate proves nothing. Its dates were looked at by whoever let it in. */
function isCertifiedBy(authority: string, certificate: string | null): boolean {
  if (certificate === null) return false
  try {
    return new X509Certificate(certificate).verify(new X509Certificate(authority).publicKey)
  } catch {
    // What cannot be read lets nobody in.
    return false
  }
}

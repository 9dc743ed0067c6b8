import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import type { Settings } from '../../schemas/settings.ts'
import { keepJson, keptJson } from './kept-json.ts'
import { comparable } from './sample/body.ts'

/** Real time, because a moved clock does not move a token's expiry. */
const TOKEN_LIFE = '24h'

/** The laptop's identity provider: it says who somebody is, without asking. Loopback only. */
export interface Issuer {
  /** The `iss` of its tokens: the one the settings' bootstrap names, whatever port is used. */
  readonly url: string
  readonly audience: string
  readonly jwks: { readonly keys: JWK[] }
  /** Opaque and stable: the same person has the same subject for as long as the data directory lives. */
  subjectOf(nationalId: string): string
  tokenFor(nationalId: string): Promise<string>
  /** An invented secret that stays the same, by its label. */
  secretOf(label: string): string
}

/** Each door is a site of its own. */
export const sitesOf = (settings: Settings, { secretOf }: Issuer) =>
  settings.doors.map(({ serial }) => ({ secret: secretOf(`door ${serial}`).slice(0, 24), serials: [serial] }))

/** RS256, because that is what an HTTP API's JWT authorizer checks. The key is kept with the data. */
export async function openIssuer(dataDir: string, settings: Settings): Promise<Issuer> {
  const file = join(dataDir, 'issuer.json')
  if (keptJson(file) === undefined) {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    keepJson(file, { key: await exportJWK(privateKey), secret: randomBytes(32).toString('base64url') })
  }
  const { key, secret }: { key: JWK; secret: string } = keptJson(file)
  const signingKey = await importJWK(key, 'RS256')
  const url = settings.bootstrap[0]?.issuer ?? ''
  const audience = settings.body.id
  const secretOf = (label: string) => createHmac('sha256', secret).update(label).digest('hex')
  const kid = secretOf('kid').slice(0, 16)
  const founders = new Map(settings.bootstrap.map(one => [comparable(one.person.nationalId), one.subject]))

  const subjectOf = (nationalId: string): string => {
    const hex = secretOf(comparable(nationalId))
    const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)]
    return founders.get(comparable(nationalId)) ?? parts.join('-')
  }
  return {
    url,
    audience,
    jwks: { keys: [{ kty: 'RSA', n: key.n ?? '', e: key.e ?? '', alg: 'RS256', use: 'sig', kid }] },
    subjectOf,
    secretOf,
    tokenFor: nationalId =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'RS256', kid, typ: 'JWT' })
        .setIssuer(url)
        .setAudience(audience)
        .setSubject(subjectOf(nationalId))
        .setIssuedAt()
        .setExpirationTime(TOKEN_LIFE)
        .sign(signingKey),
  }
}

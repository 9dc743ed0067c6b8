import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import type { Settings } from '../../schemas/settings.ts'
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
}

interface Kept {
  readonly key: JWK
  readonly secret: string
}

async function keptKeys(file: string): Promise<Kept> {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const kept = { key: await exportJWK(privateKey), secret: randomBytes(32).toString('base64url') }
  writeFileSync(`${file}.new`, JSON.stringify(kept), { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return kept
}

/** RS256, because that is what an HTTP API's JWT authorizer checks. */
export async function openIssuer(dataDir: string, settings: Settings, audience: string): Promise<Issuer> {
  const { key, secret } = await keptKeys(join(dataDir, 'issuer.json'))
  const signingKey = await importJWK(key, 'RS256')
  const url = settings.bootstrap[0]?.issuer ?? ''
  const kid = createHmac('sha256', 'kid').update(String(key.n)).digest('hex').slice(0, 16)
  const founders = new Map(settings.bootstrap.map(one => [comparable(one.person.nationalId), one.subject]))

  const subjectOf = (nationalId: string): string => {
    const founder = founders.get(comparable(nationalId))
    if (founder !== undefined) return founder
    const hex = createHmac('sha256', secret).update(comparable(nationalId)).digest('hex')
    return [8, 12, 16, 20, 32].map((end, n) => hex.slice([0, 8, 12, 16, 20][n], end)).join('-')
  }
  return {
    url,
    audience,
    jwks: { keys: [{ kty: 'RSA', n: key.n, e: key.e, alg: 'RS256', use: 'sig', kid } as JWK] },
    subjectOf,
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

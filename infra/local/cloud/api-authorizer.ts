import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import type { Claims } from './api-event.ts'

/**
 * Checks a token as API Gateway's JWT authorizer does: RSA signature, issuer, audience or client id, and expiry, by the
 * real clock. Returns the claims as texts, or nothing when the token is no good.
 */
export const openAuthorizer = (expected: { Issuer: string; Audience: string[] }, keys: JSONWebKeySet) => {
  const keySet = createLocalJWKSet(keys)
  const options = {
    issuer: expected.Issuer,
    algorithms: ['RS256', 'RS384', 'RS512'],
    requiredClaims: ['exp'],
  }
  return async (header: string | undefined): Promise<Claims | undefined> => {
    try {
      const { payload } = await jwtVerify((header ?? '').replace(/^Bearer +/i, ''), keySet, options)
      const audiences = [payload.aud ?? String(payload.client_id)].flat()
      if (!audiences.some(each => expected.Audience.includes(each))) return undefined
      return Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, shown(value)]))
    } catch {
      return undefined
    }
  }
}

const shown = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.join(' ')}]`
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

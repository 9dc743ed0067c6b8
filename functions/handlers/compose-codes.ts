import { getSecret } from '@aws-lambda-powertools/parameters/secrets'
import { settings } from './compose-base.ts'

/** A changed key reaches a warm function after at most this many seconds. It voids the codes given under the old one. */
const secretMaxAge = 300

/** The key under which one-time codes are kept. */
export async function codesKey(): Promise<string> {
  const key = await getSecret(settings.credentials.secret, { maxAge: secretMaxAge })
  if (typeof key !== 'string' || key.length < 32) throw new Error('the key of the codes is missing or short')
  return key
}

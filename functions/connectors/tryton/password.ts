import type { PasswordAnswer, PasswordRefusal } from '../contract.ts'
import { type TrytonClient, TrytonRefusal } from './client.ts'

/** Tryton's own words, in English; each rule of its policy has one. */
const words: readonly (readonly [RegExp, PasswordRefusal])[] = [
  [/password is too short/i, 'too-short'],
  [/password is forbidden|same characters appear/i, 'too-simple'],
  [/password cannot be the same as user's (name|login|email)/i, 'contains-name'],
]

const notAllowed = /not allowed|don't exist/i

/** How Tryton's forms show a password that is kept as it is: setting it is silently ignored. */
const placeholder = 'x'.repeat(10)

/** Neither opens nor closes the account; Tryton ends the sessions that were open under the old one. */
export async function writePassword(
  client: TrytonClient,
  id: number,
  password: string,
): Promise<PasswordAnswer> {
  if (password === placeholder) return { set: false, why: 'too-simple' }
  try {
    await client.call('model.res.user.write', [[id], { password }])
    return { set: true }
  } catch (error) {
    if (!(error instanceof TrytonRefusal) || notAllowed.test(error.text)) throw error
    return { set: false, why: words.find(([text]) => text.test(error.text))?.[1] ?? 'policy' }
  }
}

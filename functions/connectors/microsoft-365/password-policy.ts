import type { PasswordRefusal } from '../contract.ts'
import type { ProfileValues } from './user.ts'

/** Microsoft Entra's own rule: characters, and three of the four kinds of them. */
const shortest = 8
const longest = 256
const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/]

/**
 * Why the service did not take a password: it says "complexity" to everything, so that its published rules are held against
 * it here, after the refusal and never before (a body may have loosened them). What they do not explain is its list of
 * banned words or the passwords used before.
 */
export function whyRefused(password: string, name: string, profile: ProfileValues): PasswordRefusal {
  if (password.length < shortest) return 'too-short'
  if (password.length > longest) return 'too-long'
  if (kinds.filter(kind => kind.test(password)).length < 3) return 'too-simple'
  const words = [name.split('@')[0] ?? '', profile.givenName ?? '', profile.surname ?? '']
    .flatMap(text => text.split(/[^\p{L}\p{N}]+/u))
    .filter(word => word.length >= 3)
    .map(word => word.toLowerCase())
  return words.some(word => password.toLowerCase().includes(word)) ? 'contains-name' : 'policy'
}

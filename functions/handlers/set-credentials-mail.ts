import { connector } from './compose-mail.ts'
import { credentialsHandler } from './set-credentials.ts'

/** A person sets the password of their own account in the mail target. */
export const handler = credentialsHandler('mail', connector)

import { connector } from './compose-directory.ts'
import { credentialsHandler } from './set-credentials.ts'

/** A person sets the password of their own account in the directory target. */
export const handler = credentialsHandler('directory', connector)

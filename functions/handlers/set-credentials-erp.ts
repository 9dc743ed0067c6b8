import { connector } from './compose-erp.ts'
import { credentialsHandler } from './set-credentials.ts'

/** A person sets the password of their own account in the erp target. */
export const handler = credentialsHandler('erp', connector)

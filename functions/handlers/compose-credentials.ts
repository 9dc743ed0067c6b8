import { createCredentialStore } from '../stores/credentials.ts'
import { tables } from './compose-base.ts'

export const credentials = createCredentialStore(tables)

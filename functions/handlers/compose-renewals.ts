import { createEndingGrantStore } from '../stores/ending-grants.ts'
import { requestsAtOnce } from '../stores/requests.ts'
import { tables } from './compose.ts'
import { registers } from './compose-registers.ts'

/** What only the renewals are given beside the registers. */
export const renewals = { ...registers, ending: createEndingGrantStore(tables), requestsAtOnce }

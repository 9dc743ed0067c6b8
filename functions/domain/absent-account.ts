import type { Observation } from '../../schemas/target.ts'

/** What is seen of an account that is not there, or was never looked at. */
export const absentAccount: Observation = {
  state: 'absent',
  accountId: null,
  name: null,
  expiresAt: null,
  rights: [],
  retired: null,
  profileHash: null,
}

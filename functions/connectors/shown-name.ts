import { createHash } from 'node:crypto'
import type { Profile } from './contract.ts'

/** A person's name as one text, for targets that keep no more of them. */
export const shownName = (profile: Profile): string =>
  `${profile.givenNames} ${profile.surnames}`.normalize('NFC')

/** Tells a difference between two shown names and holds neither. */
export const hashShownName = (name: string): string =>
  createHash('sha256').update(name.normalize('NFC')).digest('hex')

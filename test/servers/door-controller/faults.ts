import type { Command } from './texts.ts'

/** What goes wrong with devices in the field; all of it may be changed while the device runs. */
export interface Faults {
  /** Every upload of events is sent twice. */
  duplicateUploads: boolean
  /** With new events it sends old ones again, which the server has. */
  lateUploads: boolean
  /** Events that it never uploads unasked, though it holds them. */
  skipIndexes: Set<number>
  /** A code to return instead of doing the command; -5000: it says so, does it at its next turn and returns the true code. */
  answer: ((command: Command) => number | null) | null
  /** Done, and never told. */
  losesAcknowledgement: ((command: Command) => boolean) | null
  executesTwice: ((command: Command) => boolean) | null
  /** A query is answered by its rows alone, without a result: seen with face terminals. */
  dataIsTheResult: boolean
}

export const noFaults = (): Faults => ({
  duplicateUploads: false,
  lateUploads: false,
  skipIndexes: new Set(),
  answer: null,
  losesAcknowledgement: null,
  executesTwice: null,
  dataIsTheResult: false,
})

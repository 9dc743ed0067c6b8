import type { KeptLine } from '../../schemas/request.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { TaskSettings } from '../domain/task-times.ts'
import type { EntryDraft } from './ledger.ts'
import { type KeptRequest, lineWrites } from './request-writes.ts'
import { commit, type Tables } from './tables.ts'
import { openTask, textHash } from './tasks.ts'

type ActivationLine = KeptLine & { kind: 'activation' }

/** An objection: what is wrong, in which target. Null: the access has none of ours. */
export interface Objection {
  readonly comment: string
  readonly target: TargetId | null
}

export type AcknowledgementStore = ReturnType<typeof createAcknowledgementStore>

/** What people say of the accesses that they were given. */
export function createAcknowledgementStore(tables: Tables, settings: TaskSettings) {
  return {
    /**
     * Keeps an answer in its line, with its entry; an objection opens its task in the same transaction. `answered` makes
     * the line out of that task's id. Null: something else was said of the request since it was read.
     */
    async keep(
      kept: KeptRequest,
      line: ActivationLine & { readonly personId: string },
      objection: Objection | null,
      answered: (task: string | null) => { readonly line: ActivationLine; readonly entry: EntryDraft },
    ): Promise<ActivationLine | null> {
      if (objection === null) {
        const next = answered(null)
        const result = await commit(tables, lineWrites(tables, kept, next.line, next.entry, false))
        return result.done ? next.line : null
      }
      const { comment, target } = objection
      const draft = {
        kind: 'contested' as const,
        personId: line.personId,
        target,
        request: kept.row.number,
        line: line.line,
        comment,
        intent: null,
        steps: [],
        fault: null,
        name: null,
        until: null,
        urgent: false,
      }
      const { at, cause } = answered(null).entry
      const { task, writes } = openTask(tables, settings, draft, { at, cause })
      const next = answered(task.id)
      const entry = { ...next.entry, evidence: textHash(comment) }
      const result = await commit(tables, [...lineWrites(tables, kept, next.line, entry, false), ...writes])
      return result.done ? next.line : null
    },
  }
}

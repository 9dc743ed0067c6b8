import type { Access, EndedAccess } from '../../schemas/access.ts'
import type { CivilDate } from '../../schemas/calendar.ts'
import type { NoticeRow } from '../../schemas/notice.ts'
import type { LineId, LineStatus, Reason } from '../../schemas/request.ts'
import type { TaskRow } from '../../schemas/rows.ts'
import type { Settings, TargetId } from '../../schemas/settings.ts'
import type { EndAhead } from './ends-ahead.ts'

/** A line of a form as a mail tells it. */
export interface LineFacts {
  readonly line: LineId
  readonly kind: 'activation' | 'deactivation'
  /** Null: not in the register, or no longer kept. */
  readonly person: string | null
  readonly access: Access | EndedAccess
  readonly until: CivilDate | null
  readonly status: LineStatus
  readonly reasons: readonly Reason[]
}

export interface RequestFacts {
  readonly number: string
  /** The unit's name. */
  readonly unit: string
  readonly lines: readonly LineFacts[]
}

export type EndFacts = Pick<EndAhead, 'target' | 'module' | 'lastDay' | 'days'>

export interface PersonEnds {
  readonly person: string
  readonly ends: readonly EndFacts[]
}

/** What a unit's digest tells. */
export interface UnitDigest {
  readonly unit: string
  readonly ends: readonly PersonEnds[]
  readonly round: { readonly lastDay: CivilDate; readonly closesOn: CivilDate } | null
  readonly renewable: readonly PersonEnds[]
  readonly observed: readonly RequestFacts[]
  readonly contested: readonly RequestFacts[]
}

/** Some of a kind: those of the window that are named, how many the window has, and how many there are. */
export interface Counted {
  readonly named: readonly TaskRow[]
  readonly fresh: number
  readonly all: number
}

/** What the digest of those who do the tasks tells; null: not told to this recipient. */
export interface TasksDigest {
  readonly parked: Counted | null
  readonly unadopted: Counted | null
  readonly overdue: Counted | null
  readonly mails: { readonly fresh: number; readonly all: number } | null
  readonly deferred: { readonly subjects: readonly string[]; readonly all: number }
}

/** What a mail may tell, joined when it is sent. Names go into the mail and nowhere else; a national id never does. */
export interface NoticeFacts {
  readonly settings: Settings
  readonly about: NoticeRow['about']
  /** Null: the person is no longer kept. */
  readonly person: { readonly name: string; readonly unit: string } | null
  readonly target: TargetId | null
  readonly task: TaskRow | null
  readonly request: RequestFacts | null
  /** The account's name in the target. */
  readonly account: string | null
  /** Told to somebody else, because the person cannot be reached. */
  readonly instead: boolean
  readonly ends: readonly EndFacts[]
  readonly units: readonly UnitDigest[]
  readonly tasks: TasksDigest | null
}

export interface Mail {
  readonly subject: string
  readonly text: string
}

/** A mail before it is put together. */
export interface Words {
  readonly subject: string
  readonly lines: readonly string[]
}

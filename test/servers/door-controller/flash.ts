import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { DoorEvent, Row } from './texts.ts'

export interface StoredEvent extends DoorEvent {
  /** The device believes that the server has it. */
  sent: boolean
}

/** What stays when the power goes. Results of commands that were not yet told do not. */
export interface FlashState {
  registryCode: string
  nextIndex: number
  events: StoredEvent[]
  tables: Record<string, Record<string, Row>>
  options: Record<string, string>
}

interface Table {
  readonly key: readonly string[]
  readonly others: readonly string[]
}

const tables: ReadonlyMap<string, Table> = new Map([
  [
    'user',
    {
      key: ['pin'],
      others: [
        'cardno',
        'password',
        'group',
        'starttime',
        'endtime',
        'name',
        'privilege',
        'disable',
        'verify',
        'superauthorize',
      ],
    },
  ],
  [
    'userauthorize',
    { key: ['pin', 'authorizetimezoneid'], others: ['authorizedoorid', 'devid', 'starttime', 'endtime'] },
  ],
  ['mulcarduser', { key: ['pin', 'cardno'], others: ['losscardflag', 'cardtype'] }],
  ['templatev10', { key: ['pin', 'fingerid'], others: ['valid', 'size', 'template'] }],
  ['extuser', { key: ['pin'], others: ['funswitch', 'firstname', 'lastname', 'personalvs'] }],
])

/** Null: no such table. */
export function fieldsOf(name: string): readonly string[] | null {
  const table = tables.get(name)
  return table === undefined ? null : [...table.key, ...table.others]
}

const keyOf = (table: string, row: Row) =>
  `=${(tables.get(table)?.key ?? []).map(name => row[name] ?? '').join('\t')}`

/** Milliseconds from a change to the file. */
const writingDelay = 50

/** A memory as it leaves the factory. */
export const blankFlash = (): FlashState => ({
  registryCode: '',
  nextIndex: 1,
  events: [],
  tables: {},
  options: {},
})

/** The device's memory: in a file, in an object that its owner keeps, or gone with the device. */
export class Flash {
  readonly state: FlashState
  readonly #file: string | null
  readonly #capacity: number
  #saving: NodeJS.Timeout | null = null

  constructor(where: string | FlashState | undefined, capacity: number) {
    this.#file = typeof where === 'string' ? where : null
    this.#capacity = capacity
    this.state =
      typeof where === 'object'
        ? where
        : where !== undefined && existsSync(where)
          ? { ...blankFlash(), ...(JSON.parse(readFileSync(where, 'utf8')) as FlashState) }
          : blankFlash()
  }

  /** What changed is in the file a little later, many changes as one writing: a process that is killed loses that much. */
  changed(): void {
    if (this.#file !== null) this.#saving ??= setTimeout(() => this.save(), writingDelay).unref()
  }

  save(): void {
    if (this.#saving) clearTimeout(this.#saving)
    this.#saving = null
    if (this.#file === null) return
    const written = `${this.#file}.new`
    writeFileSync(written, JSON.stringify(this.state), { mode: 0o600 })
    renameSync(written, this.#file)
  }

  rows(table: string): Row[] {
    return Object.values(this.state.tables[table] ?? {})
  }

  /** Adds a row, or changes what it names of the row with its key. */
  put(table: string, row: Row): void {
    this.state.tables[table] ??= {}
    const rows = this.state.tables[table]
    const key = keyOf(table, row)
    rows[key] = { ...rows[key], ...row }
    this.changed()
  }

  remove(table: string, matches: (row: Row) => boolean): number {
    const rows = this.state.tables[table] ?? {}
    const gone = Object.keys(rows).filter(key => matches(rows[key] as Row))
    for (const key of gone) delete rows[key]
    this.changed()
    return gone.length
  }

  /** When full, the oldest goes, sent or not. */
  log(event: Omit<DoorEvent, 'index'>): DoorEvent {
    const stored = { ...event, index: this.state.nextIndex++, sent: false }
    this.state.events.push(stored)
    if (this.state.events.length > this.#capacity) this.state.events.shift()
    this.changed()
    return stored
  }

  unsent(): StoredEvent[] {
    return this.state.events.filter(({ sent }) => !sent)
  }

  markSent(events: readonly StoredEvent[]): void {
    for (const event of events) event.sent = true
    this.changed()
  }

  wipe(): void {
    Object.assign(this.state, blankFlash())
    this.changed()
  }
}

import type { Dialect } from './dialect.ts'
import type { Doors } from './doors.ts'
import type { Faults } from './faults.ts'
import type { Flash, StoredEvent } from './flash.ts'
import type { Uploads } from './queries.ts'
import { type Command, type Result, readCommands, readSettings, verbOf, writeEvent } from './texts.ts'
import { Refused, type Transport } from './transport.ts'

/** Accepted, and carried out later: the vendor's code. */
const pending = -5_000
/** Sending data to the server failed: the vendor's code. */
const uploadFailed = -722
/** Uploads in a row after which it shows that it is alive. */
const uploadsPerPing = 5

interface ConversationParts {
  readonly transport: Transport
  readonly dialect: Dialect
  readonly flash: Flash
  readonly doors: Doors
  readonly faults: Faults
  readonly registration: string
  readonly uploadSize: number
  readonly packetRows: number
}

/** What the device says and in which order; it knows no waiting. */
export class Conversation implements Uploads {
  /** Seconds, as the server set them. */
  requestDelay = 30
  errorDelay = 30
  /** Every command that came, as it came, in order. */
  readonly received: string[] = []
  execute: (command: Command) => Promise<number> = async () => -1
  readonly #parts: ConversationParts
  #accepted: Command[] = []
  #results: Result[] = []
  #shownStates = ''

  constructor(parts: ConversationParts) {
    this.#parts = parts
  }

  /** Introduces itself, registers where nobody knows it, and takes the settings. Throws `Refused`. */
  async greet(): Promise<void> {
    const { transport, flash, dialect, registration } = this.#parts
    transport.registryCode = flash.state.registryCode
    const known = readSettings(await transport.get('cdata', { pushver: '3.0.1', options: 'all' }))
    let code = known.registry?.toLowerCase() === 'ok' ? known.registrycode : undefined
    if (code === undefined) {
      code = readSettings(await transport.post('registry', {}, registration)).registrycode
      if (!code) throw new Refused('registry', 406)
    }
    flash.state.registryCode = code
    flash.changed()
    transport.registryCode = code
    this.#take(known)
    this.#take(
      readSettings(
        dialect.pushMethod === 'GET' ? await transport.get('push') : await transport.post('push', {}, ''),
      ),
    )
    this.#shownStates = ''
  }

  /** Says what there is to say and, with `poll`, does what there is to do. Answers whether neither was left for later. */
  async talk(poll: boolean): Promise<boolean> {
    await this.#uploadNew()
    await this.#showStates()
    for (const command of this.#accepted.splice(0)) this.#note(command, await this.#run(command))
    await this.#tellResults()
    if (!poll) return false
    const commands = readCommands(await this.#parts.transport.get('getrequest'))
    this.received.push(...commands.map(({ id, text }) => `C:${id}:${text}`))
    for (const command of commands) await this.#obey(command)
    await this.#tellResults()
    return commands.length === 0 && this.#accepted.length === 0 && this.#parts.flash.unsent().length === 0
  }

  async events(events: readonly StoredEvent[]): Promise<void> {
    const { dialect, transport, uploadSize } = this.#parts
    for (let at = 0; at < events.length; at += uploadSize) {
      const body = events.slice(at, at + uploadSize).map(writeEvent)
      await transport.post('cdata', { table: 'rtlog' }, body.join(dialect.lineEnd))
    }
  }

  async table({ command, type, table, records }: Parameters<Uploads['table']>[0]): Promise<void> {
    const { dialect, packetRows, transport } = this.#parts
    const packets = Math.max(1, Math.ceil(records.length / packetRows))
    for (let index = 0; index < packets; index++) {
      const packet = records.slice(index * packetRows, (index + 1) * packetRows)
      await transport.post(
        'querydata',
        {
          type,
          cmdid: command.id,
          tablename: table,
          count: packet.length,
          packcnt: packets,
          packidx: index + 1,
        },
        packet.join(dialect.lineEnd),
      )
    }
  }

  async post(
    path: string,
    query: Readonly<Record<string, string | number>>,
    body: string | Uint8Array,
  ): Promise<void> {
    await this.#parts.transport.post(path, query, body)
  }

  #take(settings: Readonly<Record<string, string>>): void {
    const { transport } = this.#parts
    const seconds = (text: string | undefined, before: number) => (Number(text) > 0 ? Number(text) : before)
    this.requestDelay = seconds(settings.requestdelay, this.requestDelay)
    this.errorDelay = seconds(settings.errordelay, this.errorDelay)
    transport.timeout = seconds(settings.timeoutsec, transport.timeout)
    transport.sessionId = settings.sessionid ?? transport.sessionId
  }

  async #uploadNew(): Promise<void> {
    const { flash, faults, transport, uploadSize } = this.#parts
    const isSkipped = ({ index }: StoredEvent) => faults.skipIndexes.has(index)
    const before = faults.lateUploads
      ? flash.state.events.filter(event => event.sent && !isSkipped(event)).slice(0, uploadSize)
      : []
    for (let uploads = 1; ; uploads++) {
      const unsent = flash.unsent()
      flash.markSent(unsent.filter(isSkipped))
      const batch = unsent.filter(event => !isSkipped(event)).slice(0, uploadSize)
      if (batch.length === 0) return
      await this.events(batch)
      if (faults.duplicateUploads) await this.events(batch)
      flash.markSent(batch)
      if (uploads === 1) await this.events(before)
      if (uploads % uploadsPerPing === 0) await transport.get('ping')
    }
  }

  async #showStates(): Promise<void> {
    const { doors, transport } = this.#parts
    const states = JSON.stringify(doors.states)
    if (states === this.#shownStates) return
    await transport.post('cdata', { table: 'rtstate' }, doors.stateText())
    this.#shownStates = states
  }

  async #obey(command: Command): Promise<void> {
    const { faults } = this.#parts
    const given = faults.answer?.(command) ?? null
    if (given === pending) this.#accepted.push(command)
    if (given === null && faults.executesTwice?.(command)) await this.#run(command)
    this.#note(command, given ?? (await this.#run(command)))
  }

  async #run(command: Command): Promise<number> {
    try {
      return await this.execute(command)
    } catch {
      return uploadFailed
    }
  }

  #note(command: Command, code: number): void {
    const { faults } = this.#parts
    if (faults.losesAcknowledgement?.(command)) return
    if (faults.dataIsTheResult && code >= 0 && /^DATA (QUERY|COUNT)$/i.test(verbOf(command.text))) return
    this.#results.push({ ...command, code })
  }

  async #tellResults(): Promise<void> {
    const { dialect, transport } = this.#parts
    const told = this.#results.slice()
    if (told.length === 0) return
    await transport.post('devicecmd', {}, told.map(dialect.result).join(dialect.lineEnd))
    this.#results = this.#results.slice(told.length)
  }
}

import Table from 'cli-table3'

/** What `GET /requests/{number}` and `POST /requests` say of a line. */
interface DecidedLine {
  readonly line: string
  readonly status: string
  readonly reasons: readonly { readonly rule: string; readonly message: string }[]
}

interface FormLines {
  readonly activations?: readonly { readonly access: object }[]
  readonly deactivations?: readonly { readonly access: object }[]
}

interface Account {
  readonly system: string
  readonly state: string
  readonly name: string | null
  readonly accountId: string | null
  readonly expiresAt: string | null
  readonly observedAt: string | null
  readonly converged: boolean
}

interface Entry {
  readonly at: string
  readonly act: string
  readonly phase: string
  readonly system: string
  readonly chain: string
  readonly sequence: number
  readonly cause: { readonly kind: string; readonly ref: string }
  readonly hash: string
}

function print(title: string, head: readonly string[], rows: readonly (readonly unknown[])[]): void {
  const table = new Table({ head: [...head], style: { head: [], border: [] }, wordWrap: true })
  for (const row of rows)
    table.push(row.map(cell => (cell === null || cell === undefined ? '—' : String(cell))))
  console.log(`\n${title}\n${table.toString()}`)
}

/** What a line asks for, in one cell: `erp atencion-social actualizacion`. */
function accessCell(access: object): string {
  const { system, ...detail } = access as Record<string, unknown>
  const words = Object.entries(detail).map(([key, value]) => {
    if (Array.isArray(value)) return value.join('+')
    return typeof value === 'boolean' ? `${key}=${value ? 'yes' : 'no'}` : String(value)
  })
  return [String(system), ...words].join(' ')
}

/** The lines of a form beside what was decided of them. People stay unnamed: a terminal is a log. */
export function printDecisions(number: string, form: FormLines, lines: readonly DecidedLine[]): void {
  const filed = new Map<string, string>([
    ...(form.activations ?? []).map((line, n) => [`A${n + 1}`, accessCell(line.access)] as const),
    ...(form.deactivations ?? []).map((line, n) => [`C${n + 1}`, `off: ${accessCell(line.access)}`] as const),
  ])
  print(
    `Request ${number}: the lines decided`,
    ['line', 'access', 'status', 'reasons'],
    lines.map(({ line, status, reasons }) => [
      line,
      filed.get(line),
      status,
      reasons.map(({ rule, message }) => `${rule}: ${message}`).join('\n'),
    ]),
  )
}

export function printAccounts(people: readonly { readonly accounts: readonly Account[] }[]): void {
  const rows = people.flatMap((person, n) => person.accounts.map(account => ({ ...account, person: n + 1 })))
  print(
    'Accounts, as read back from each target',
    ['person', 'target', 'state', 'name', 'account id', 'works until', 'read at', 'converged'],
    rows.map(row => [
      row.person,
      row.system,
      row.state,
      row.name,
      row.accountId,
      row.expiresAt,
      row.observedAt,
      row.converged ? 'yes' : 'no',
    ]),
  )
}

export function printLedger(entries: readonly Entry[]): void {
  print(
    'Ledger of the first person of the form',
    ['at', 'act', 'phase', 'system', 'cause', 'chain', 'no.', 'hash'],
    entries.map(entry => [
      entry.at,
      entry.act,
      entry.phase,
      entry.system,
      `${entry.cause.kind} ${entry.cause.ref}`,
      entry.chain.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, id => `…${id.slice(-6)}`),
      entry.sequence,
      `${entry.hash.slice(0, 12)}…`,
    ]),
  )
}

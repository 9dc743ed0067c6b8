import Table from 'cli-table3'

export function print(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [] },
    colAligns: head.map((_, column) => (column === 0 ? 'left' : 'right')),
  })
  for (const row of rows) table.push([...row])
  console.log(`\n${title}\n${table.toString()}`)
}

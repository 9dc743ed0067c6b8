import pg from 'pg'

/** Keeps a copy of every table beside the originals, in a schema called `name`. */
export async function copyTables(ownerUrl: string, name: string): Promise<void> {
  await inOneTransaction(ownerUrl, async client => {
    const tables = await listTables(client)
    await client.query(`CREATE SCHEMA ${name}`)
    for (const table of tables) await client.query(`CREATE TABLE ${name}.${table} AS TABLE public.${table}`)
    await client.query(`CREATE TABLE ${name}.kept_sequences AS
      SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'`)
  })
}

/** Makes every table hold exactly its copy again. Foreign keys rest meanwhile. */
export async function putTablesBack(ownerUrl: string, name: string): Promise<void> {
  await inOneTransaction(ownerUrl, async client => {
    const tables = await listTables(client)
    await client.query('SET LOCAL session_replication_role = replica')
    await client.query(`TRUNCATE ${tables.map(table => `public.${table}`).join(', ')}`)
    for (const table of tables)
      await client.query(`INSERT INTO public.${table} OVERRIDING SYSTEM VALUE TABLE ${name}.${table}`)
    await client.query(`
      SELECT setval(format('public.%I', s.sequencename)::regclass,
        coalesce(kept.last_value, s.start_value), kept.last_value IS NOT NULL)
      FROM ${name}.kept_sequences kept JOIN pg_sequences s ON s.sequencename = kept.sequencename
      WHERE s.schemaname = 'public'`)
  })
}

/** Row security without a policy: whoever is not the owner sees tables without a row and may add none. */
export async function hideRows(ownerUrl: string, hidden: boolean): Promise<void> {
  await inOneTransaction(ownerUrl, async client => {
    for (const table of await listTables(client))
      await client.query(`ALTER TABLE public.${table} ${hidden ? 'ENABLE' : 'DISABLE'} ROW LEVEL SECURITY`)
  })
}

async function listTables(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
  )
  return rows.map(row => row.name)
}

async function inOneTransaction(ownerUrl: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    // A connector's transaction may still hold a table: it ends by itself within its own limits.
    await client.query("BEGIN; SET LOCAL lock_timeout = '20s'")
    await work(client)
    await client.query('COMMIT')
  } finally {
    await client.end()
  }
}

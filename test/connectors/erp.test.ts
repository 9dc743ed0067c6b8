import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connector } from '../../functions/connectors/contract.ts'
import { createErpConnector } from '../../functions/connectors/erp/index.ts'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import type { Right, Step } from '../../schemas/target.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import { type ErpHarness, erpSettings, openErp, sampleRights } from './erp-harness.ts'
import { samplePerson } from './sample-people.ts'

const grants: Step[] = sampleRights.map(right => ({ act: 'grant', right }))
const opening: Step[] = [{ act: 'create' }, ...grants, { act: 'enable' }]
describe('A user of the ERP', () => {
  let harness: ErpHarness
  let connector: Connector
  const query = (text: string, values?: readonly unknown[]) => harness.server.query(text, values)
  const rowsOf = (login: string) =>
    query(
      `SELECT u.*, p.modulo, p.consulta, p.ingreso, p.modificacion, p.eliminacion, p.detalle, p.ultimo_uso
       FROM usuarios u LEFT JOIN permisos p USING (id_usuario) WHERE login = $1 ORDER BY modulo`,
      [login],
    )
  const permit = (login: string, module: string, columns: string, values: string) =>
    query(
      `INSERT INTO permisos (id_usuario, modulo, ${columns})
       SELECT id_usuario, $2, ${values} FROM usuarios WHERE login = $1`,
      [login, module],
    )
  const open = (changes = {}) => bring(connector, samplePerson(harness, changes), opening)

  beforeAll(async () => {
    harness = await openErp()
    connector = harness.connector
  })
  afterAll(async () => harness?.close())

  it("is written with the ERP's own codes and flags, and without a password", async () => {
    const { sample, observed } = await open()
    const rows = await rowsOf(sample.account.name)
    expect(rows[0]).toMatchObject({ rut: sample.account.nationalId, vigente: 'S', clave: '!' })
    expect(
      rows.map(row => [row.modulo, row.consulta, row.ingreso, row.modificacion, row.eliminacion]),
    ).toEqual([
      ['ASO', 'S', 'S', 'S', 'N'],
      ['BOD', 'S', 'N', 'N', 'N'],
      ['TES', 'S', 'S', 'S', 'S'],
    ])
    expect(observed.accountId).toBe(String(rows[0]?.id_usuario))
  })

  it('is known by its national id however the ERP writes it', async () => {
    const sample = samplePerson(harness, { nationalId: '20347878-K' })
    await query("INSERT INTO usuarios (login, rut, nombre) VALUES ($1, '20.347.878-k ', 'Rosa')", [
      sample.account.name,
    ])
    expect((await observeOne(connector, sample.account)).state).toBe('disabled')
  })

  it('bearing the national id of another person is a conflict even under its known key', async () => {
    const { sample } = await open()
    await query("UPDATE usuarios SET rut = '11.111.111-1' WHERE login = $1", [sample.account.name])
    expect(errorOf((await connector.observe([sample.account]))[0])).toMatchObject({
      kind: 'conflict',
      retryable: false,
    })
  })

  it('whose national id was wiped can still be closed, by its known key', async () => {
    const { sample } = await open()
    await query('UPDATE usuarios SET rut = NULL WHERE login = $1', [sample.account.name])
    expect((await bring(connector, sample, [{ act: 'disable' }])).observed.state).toBe('disabled')
  })

  it('is followed when the ERP changes its login', async () => {
    const { sample } = await open()
    const renamed = `${sample.account.name}-x`
    await query('UPDATE usuarios SET login = $2 WHERE login = $1', [sample.account.name, renamed])
    const { observed } = await bring(connector, sample, [{ act: 'disable' }])
    expect(observed).toMatchObject({ state: 'disabled', name: renamed, accountId: sample.account.accountId })
  })

  it('is never absent from an ERP that shows no user at all', async () => {
    const { sample } = await open()
    const kept = await harness.server.postgres.snapshot()
    await query('TRUNCATE usuarios CASCADE')
    try {
      for (const account of [sample.account, samplePerson(harness).account])
        expect(errorOf((await connector.observe([account]))[0])).toMatchObject({
          kind: 'misconfigured',
          retryable: true,
        })
    } finally {
      await harness.server.postgres.restore(kept)
    }
    expect(await observeOne(connector, sample.account)).toMatchObject({
      state: 'enabled',
      rights: sampleRights,
    })
  })

  describe('has rights', () => {
    it('whose other columns survive when they are changed, and go when they are taken', async () => {
      const { sample } = await open()
      await query('UPDATE permisos SET ultimo_uso = now()')
      const right: Right = { id: 'bodega', operations: ['ingreso'], specific: ['Bodega 2'], until: null }
      await bring(connector, sample, [{ act: 'grant', right }])
      const changed = (await rowsOf(sample.account.name)).find(row => row.modulo === 'BOD')
      expect(changed).toMatchObject({ ingreso: 'S', detalle: 'Bodega 2', ultimo_uso: expect.any(Date) })
      await bring(connector, sample, [{ act: 'revoke', right: 'bodega' }])
      expect((await rowsOf(sample.account.name)).map(row => row.modulo)).toEqual(['ASO', 'TES'])
    })

    it('of modules outside the catalogue left alone while it is open, and taken when it is closed (R9)', async () => {
      const { sample, observed } = await open()
      await permit(sample.account.name, 'SIS', 'consulta, eliminacion', "'S', 'S'")
      expect(await observeOne(connector, sample.account)).toEqual(observed)
      await bring(connector, sample, [...grants, { act: 'enable' }])
      expect((await rowsOf(sample.account.name)).map(row => row.modulo)).toContain('SIS')
      await bring(connector, sample, [{ act: 'disable' }])
      expect((await rowsOf(sample.account.name)).map(row => row.modulo)).toEqual(['ASO', 'BOD', 'TES'])
    })

    it('that somebody gave it past this system, and they are seen and can be taken', async () => {
      const { sample } = await open()
      await permit(sample.account.name, 'REM', 'eliminacion', "'S'")
      const seen = (await observeOne(connector, sample.account)).rights.find(
        right => right.id === 'remuneraciones',
      )
      expect(seen).toMatchObject({ operations: ['eliminacion'] })
      const { observed } = await bring(connector, sample, [{ act: 'revoke', right: 'remuneraciones' }])
      expect(observed.rights).toEqual(sampleRights)
    })

    it('that lack the reading are not taken for whole, and are made whole by the grant', async () => {
      const { sample } = await open()
      await query("UPDATE permisos SET consulta = 'N' WHERE modulo = 'TES'")
      expect((await observeOne(connector, sample.account)).rights).not.toEqual(sampleRights)
      expect((await bring(connector, sample, grants)).observed.rights).toEqual(sampleRights)
    })

    it('whose rows hold nothing are no rights', async () => {
      const { sample, observed } = await open()
      await permit(sample.account.name, 'CEM', 'consulta', "'N'")
      expect(await observeOne(connector, sample.account)).toEqual(observed)
    })

    it('whose flags are of no known kind count as given, until they are written anew', async () => {
      const { sample } = await open()
      await query('ALTER TABLE permisos DROP CONSTRAINT permisos_eliminacion_check')
      await query("UPDATE permisos SET eliminacion = 'X' WHERE modulo = 'BOD'")
      expect((await observeOne(connector, sample.account)).rights[1]).toMatchObject({
        operations: ['eliminacion'],
      })
      await bring(connector, sample, grants)
      expect((await rowsOf(sample.account.name)).map(row => row.eliminacion)).toEqual(['N', 'N', 'S'])
    })

    it('in words that are statements, kept as words', async () => {
      const specific = ["'; DROP TABLE permisos; --", '$1 @1 %s \\; ; \\', '"; DELETE FROM usuarios']
      const right: Right = { id: 'bienes', operations: [], specific: [...specific].sort(), until: null }
      const { observed } = await bring(connector, samplePerson(harness), [
        { act: 'create' },
        { act: 'grant', right },
      ])
      expect(observed.rights).toEqual([right])
    })
  })

  describe('in a list', () => {
    it('of twenty is made, closed and stripped within a handful of answers, however slow the server', async () => {
      const people = Array.from({ length: 20 }, () => samplePerson(harness))
      await observeOne(connector, samplePerson(harness).account)
      await harness.setFault?.('slow')
      try {
        const plans = people.map(one => ({ ...one, observed: absentAccount, steps: opening }))
        let started = Date.now()
        const made = (await connector.apply(plans)).map(resultOf)
        expect(Date.now() - started).toBeLessThan(12_000)
        started = Date.now()
        const closing = plans.map((plan, at) => ({
          ...plan,
          account: { ...plan.account, accountId: made[at]?.accountId ?? null },
          steps: [
            { act: 'disable' },
            ...sampleRights.map(right => ({ act: 'revoke', right: right.id })),
          ] as Step[],
        }))
        expect((await connector.apply(closing)).every(outcome => outcome.ok)).toBe(true)
        expect(Date.now() - started).toBeLessThan(12_000)
        const seen = await connector.observe(closing.map(plan => plan.account))
        for (const outcome of seen) expect(resultOf(outcome)).toMatchObject({ state: 'disabled', rights: [] })
      } finally {
        await harness.setFault?.(null)
      }
    })

    it('is not spoiled by one that does not fit into its columns', async () => {
      const people = Array.from({ length: 20 }, () => samplePerson(harness))
      const bad = people[7]
      if (bad) people[7] = { ...bad, account: { ...bad.account, name: 'x'.repeat(80) } }
      const done = await connector.apply(
        people.map(one => ({ ...one, observed: absentAccount, steps: opening })),
      )
      expect(done.flatMap((outcome, at) => (outcome.ok ? [] : [[at, outcome.error.kind]]))).toEqual([
        [7, 'refused'],
      ])
      const seen = await connector.observe(people.map(one => one.account))
      expect(seen.map(outcome => resultOf(outcome).state).filter(state => state === 'enabled')).toHaveLength(
        19,
      )
    })

    it('is not spoiled by a key that is none', async () => {
      const people = [samplePerson(harness), samplePerson(harness)]
      const refs = people.map((one, at) => ({ ...one.account, accountId: at === 0 ? 'none' : null }))
      const seen = await connector.observe(refs)
      expect(errorOf(seen[0]).kind).toBe('refused')
      expect(resultOf(seen[1]).state).toBe('absent')
    })

    it('naming the same person twice makes one user', async () => {
      const sample = samplePerson(harness)
      const plan = { ...sample, observed: absentAccount, steps: opening }
      const [one, other] = (await connector.apply([plan, plan])).map(resultOf)
      expect(other).toEqual(one)
      expect(await harness.look(sample.account.name)).toHaveLength(1)
    })
  })

  it('is closed even if no permission may be taken, and says that something was refused', async () => {
    const { sample, observed } = await open()
    await query('REVOKE DELETE ON permisos FROM llavero')
    try {
      const steps: Step[] = [{ act: 'disable' }, { act: 'revoke', right: 'tesoreria' }]
      const outcome = (await connector.apply([{ ...sample, observed, steps }]))[0]
      expect(errorOf(outcome)).toMatchObject({ kind: 'refused', retryable: false })
    } finally {
      await query('GRANT DELETE ON permisos TO llavero')
    }
    expect((await observeOne(connector, sample.account)).state).toBe('disabled')
  })

  it('is missing, to be looked at again, when it vanished between look and act', async () => {
    const sample = samplePerson(harness)
    const plan = { ...sample, observed: absentAccount, steps: [{ act: 'enable' }] as Step[] }
    expect(errorOf((await connector.apply([plan]))[0])).toMatchObject({ kind: 'missing', retryable: true })
  })

  it('of an ERP whose mapping names a table or column that is not there waits for a human', async () => {
    const { users } = erpSettings.mapping
    for (const wrong of [{ table: 'nada' }, { login: 'nada' }]) {
      const mapping = { ...erpSettings.mapping, users: { ...users, ...wrong } }
      const other = createErpConnector({ ...erpSettings, mapping }, { url: harness.server.postgres.erpUrl })
      try {
        const error = errorOf((await other.observe([samplePerson(harness).account]))[0])
        expect(error).toMatchObject({ kind: 'misconfigured', retryable: true })
      } finally {
        await other.close()
      }
    }
  })

  it('of an ERP that keeps ends as days is refused: hours of access would be lost', async () => {
    await query('ALTER TABLE usuarios ADD vence date DEFAULT current_date')
    const users = { ...erpSettings.mapping.users, validUntil: 'vence' }
    const other = createErpConnector(
      { ...erpSettings, mapping: { ...erpSettings.mapping, users } },
      { url: harness.server.postgres.erpUrl },
    )
    try {
      const { sample } = await open()
      expect(errorOf((await other.observe([sample.account]))[0]).kind).toBe('misconfigured')
    } finally {
      await other.close()
    }
  })
})

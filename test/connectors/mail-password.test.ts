import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connector } from '../../functions/connectors/contract.ts'
import { findMailServer } from '../servers/dovecot/installed.ts'
import { bring, errorOf, resultOf } from './asking.ts'
import { type MailHarness, openMail } from './mail-harness.ts'
import { samplePerson } from './sample-people.ts'

describe('The password of a mailbox', () => {
  let harness: MailHarness
  let connector: Connector
  const stored = async (address: string) =>
    (await harness.server.query('SELECT password, active FROM mailbox WHERE username = $1', [address]))[0]
  const made = async (changes = {}) =>
    (await bring(connector, samplePerson(harness, changes), [{ act: 'create' }])).sample

  beforeAll(async () => {
    harness = await openMail()
    connector = harness.connector
  })
  afterAll(async () => harness?.close())

  it('is kept as an argon2id hash alone, salted anew each time, and opens nothing', async () => {
    const { account } = await made()
    const password = 'Cuatro burros y 1 volantín'
    const seen: unknown[] = []
    for (let time = 0; time < 2; time++) {
      expect(resultOf(await connector.setPassword?.(account, password))).toEqual({ set: true })
      const row = await stored(account.name)
      expect(row?.active).toBe(false)
      expect(row?.password).toMatch(
        /^\{ARGON2ID\}\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/,
      )
      seen.push(row?.password)
      if (findMailServer().usable)
        expect(
          execFileSync('doveadm', ['pw', '-t', String(row?.password), '-p', password], { encoding: 'utf8' }),
        ).toContain('(verified)')
    }
    expect(seen[0]).not.toBe(seen[1])
  })

  for (const [why, passwords] of [
    ['too-short', ['', 'corta', 'once signos', '🙂🙂🙂🙂']],
    ['too-long', ['a1b2c3 '.repeat(19), 'ñandú '.repeat(20)]],
    ['contains-name', ['quilodran-2026!', 'LaClaveDeAmélia1', 'rosaamelia-pizarro', 'mi clave 20.123.456']],
    ['too-simple', ['aaaaaaaaaaaa', 'abababababab', '121212121212']],
    ['policy', ['una clave\nde dos lineas', 'con un cero\0dentro']],
  ] as const)
    it(`is refused as ${why}, in an answer and not as a failure, and the old one stays`, async () => {
      const { account } = await made({ nationalId: '20123456-5' })
      const before = await stored(account.name)
      for (const password of passwords)
        expect(resultOf(await connector.setPassword?.(account, password)), password).toEqual({
          set: false,
          why,
        })
      expect(await stored(account.name)).toEqual(before)
    })

  it('may hold any letters and signs a person can type, and is compared as one text', async () => {
    const { account } = await made()
    for (const password of [
      '12 caracteres',
      'Ω≈ç√ 日本 clave',
      '"comillas\\ y barra"',
      '🙂🙃🙂🙃😀😁😂🤣😃😄😅😆',
    ])
      expect(resultOf(await connector.setPassword?.(account, password)), password).toEqual({ set: true })
  })

  it('is set for nobody else, for nobody who is absent, and never told in an error', async () => {
    const { account } = await made()
    const password = 'Cuatro burros y 1 volantín'
    const stranger = { ...samplePerson(harness).account, name: account.name }
    const conflict = errorOf(await connector.setPassword?.(stranger, password))
    expect(conflict).toMatchObject({ kind: 'conflict', retryable: false })
    expect(errorOf(await connector.setPassword?.(samplePerson(harness).account, password)).kind).toBe(
      'missing',
    )
    await harness.setFault?.('down')
    try {
      const down = errorOf(await connector.setPassword?.(account, password))
      expect(down).toMatchObject({ kind: 'unreachable', retryable: true })
      expect(JSON.stringify([down, down.cause, down.stack, conflict.cause])).not.toContain('burros')
    } finally {
      await harness.setFault?.(null)
    }
  })

  it('grows old from now on where the domain lets passwords grow old', async () => {
    const { account } = await made()
    const expiry = async () => {
      const rows = await harness.server.query(
        'SELECT round(extract(epoch FROM password_expiry - now()) / 86400)::int AS days FROM mailbox WHERE username = $1',
        [account.name],
      )
      return rows[0]?.days
    }
    await connector.setPassword?.(account, 'Cuatro burros y 1 volantín')
    expect(await expiry()).toBe(365)
    await harness.server.query("UPDATE domain SET password_expiry = 90 WHERE domain = 'valleclaro.example'")
    await connector.setPassword?.(account, 'Cuatro burros y 1 volantín')
    expect(await expiry()).toBe(90)
  })
})

import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkCode, codeOf, codeTries, macOf } from '../../functions/domain/one-time-code.ts'

const now = '2026-11-20T12:00:00.000Z'
const kept = (mac: string, failures = 0) => ({
  mac,
  issuedAt: '2026-11-19T12:00:00.000Z',
  expiresAt: '2026-11-22T12:00:00.000Z',
  failures,
})

describe('a one-time code', () => {
  it('has sixty bits, in signs that nobody mistakes for each other', () => {
    const codes = Array.from({ length: 500 }, () => codeOf(randomBytes(16)))
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/)
    expect(new Set(codes).size).toBe(500)
    expect(new Set(codes.join('').replaceAll('-', '')).size).toBe(32)
    expect(() => codeOf(randomBytes(11))).toThrow('12 random bytes')
  })

  it('is right however it is typed', () => {
    const mac = macOf('key', 'person', '10QK-2M0X-D9TW')
    for (const typed of ['10qk2m0xd9tw', ' IOQK 2MOX D9TW ', 'lo-qk-2m-ox-d9-tw'])
      expect([typed, macOf('key', 'person', typed)]).toEqual([typed, mac])
  })

  it('is good for one person, under one key', () => {
    const mac = macOf('key', 'person', '10QK-2M0X-D9TW')
    expect(macOf('key', 'somebody-else', '10QK-2M0X-D9TW')).not.toBe(mac)
    expect(macOf('another-key', 'person', '10QK-2M0X-D9TW')).not.toBe(mac)
  })

  it('holds until its end and for five tries, and no longer', () => {
    expect(checkCode(kept('right'), 'right', now)).toBe('right')
    expect(checkCode(kept('right'), 'wrong', now)).toBe('wrong')
    expect(checkCode(kept('right'), 'longer than that', now)).toBe('wrong')
    expect(checkCode(kept('right', codeTries - 1), 'right', now)).toBe('right')
    expect(checkCode(kept('right', codeTries), 'right', now)).toBe('void')
    expect(checkCode(kept('right'), 'right', '2026-11-22T12:00:00.000Z')).toBe('void')
    expect(checkCode(null, 'right', now)).toBe('void')
  })
})

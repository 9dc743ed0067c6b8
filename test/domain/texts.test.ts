import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { esCL } from '../../functions/domain/texts/es-cl.ts'
import { codeOf, isCode, say, sayDay } from '../../functions/domain/texts/index.ts'
import { Form } from '../../schemas/request.ts'

const root = join(import.meta.dirname, '../..')
const sources = (pattern: string) =>
  globSync(pattern, { cwd: root }).map(file => readFileSync(join(root, file), 'utf8'))

/** Literals where a schema names its fault: `error: '…'` and `message: '…'`. */
const named = (text: string) =>
  [...text.matchAll(/\b(?:error|message): '([^']+)'/g)].map(match => match[1] ?? '')

const codes = Object.keys(esCL).filter(isCode)

describe('the catalogue of texts', () => {
  it('has a sentence for every fault that a schema names', () => {
    const used = sources('schemas/*.ts').flatMap(named)
    expect(used.length).toBeGreaterThan(15)
    expect(used.filter(code => !isCode(code))).toEqual([])
  })

  it('has a sentence for every code that a rule names', () => {
    const literals = sources('functions/domain/*.ts')
      .filter(text => text.includes('texts/index.ts'))
      .flatMap(text => [...text.matchAll(/\bcode: '([^']+)'/g)].map(match => match[1] ?? ''))
    expect(literals.length).toBeGreaterThan(10)
    expect(literals.filter(code => !isCode(code))).toEqual([])
  })

  it('has no sentence that nobody says', () => {
    const texts = sources('{schemas,functions}/**/*.ts').filter(text => !text.includes('export const esCL'))
    expect(codes.filter(code => !texts.some(text => text.includes(`'${code}'`)))).toEqual([])
  })

  it('says each in Spanish, as a sentence, in every locale', () => {
    for (const locale of ['es-CL', 'es-GT'] as const)
      for (const code of codes) {
        expect(code).toMatch(/^[a-z-]+\.[a-z0-9-]+$/)
        expect(say(locale, code)).toMatch(/^[A-ZÁÉÍÓÚÑ].*\.$/)
      }
  })

  it('fills in what is asked for, and says otherwise where a locale does', () => {
    expect(say('es-CL', 'until.past-contract', { limit: sayDay('2026-12-31') })).toContain('31-12-2026')
    expect(say('es-GT', 'national-id.shape')).toContain('CUI')
    expect(say('es-GT', 'form.no-lines')).toBe(say('es-CL', 'form.no-lines'))
  })

  it('tells a parser’s fault by a closed code, never by the parser’s own words', () => {
    const parsed = Form.safeParse({
      unit: 'DIDECO',
      activations: [{ person: {}, surprise: 1 }],
      deactivations: [{ nationalId: '', access: { system: 'none' } }],
    })
    const told = parsed.error?.issues.map(issue => codeOf(issue)) ?? []
    expect(told).toContain('catalogue.id-shape')
    expect(told).toContain('shape.invalid-type')
    expect(told).toContain('shape.unrecognized-keys')
    expect(told).toContain('form.declaration-missing')
    expect(told.every(isCode)).toBe(true)
    expect(codeOf({ code: 'anything', message: 'Algo de afuera' })).toBe('shape.invalid')
  })
})

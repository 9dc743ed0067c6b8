import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openApiDocument } from '../../infra/openapi.ts'

type Json = Record<string, unknown>
const written = () => JSON.parse(readFileSync(new URL('../../schemas/openapi.json', import.meta.url), 'utf8'))

function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value))
    if (key === '$ref') yield member as string
    else yield* referencesIn(member)
}

describe('the contract as OpenAPI', () => {
  it('is what the schemas say (else: node infra/write-openapi.ts)', () => {
    expect(written()).toEqual(JSON.parse(JSON.stringify(openApiDocument())))
  })

  it('refers only to what it defines, and defines nothing in vain', () => {
    const document = written()
    const defined = Object.keys(document.components.schemas).map(id => `#/components/schemas/${id}`)
    const used = new Set(referencesIn(document))
    expect([...used].filter(reference => !defined.includes(reference))).toEqual([])
    expect(defined.filter(reference => !used.has(reference))).toEqual([])
  })

  it('names every parameter of a path, and asks for a token everywhere but where anybody may read', () => {
    const paths = written().paths as Record<string, Record<string, Json>>
    for (const [path, operations] of Object.entries(paths))
      for (const operation of Object.values(operations)) {
        const inPath = ((operation.parameters ?? []) as Json[]).filter(one => one.in === 'path')
        expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
        const open = ['/health', '/openapi.json'].includes(path)
        expect([path, JSON.stringify(operation.security)]).toEqual([path, open ? '[]' : undefined])
      }
  })
})

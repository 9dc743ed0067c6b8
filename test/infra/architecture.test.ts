import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { drawArchitecture } from '../../infra/architecture.ts'

it('shows in docs what the template would deploy (else: node infra/architecture.ts)', async () => {
  for (const [name, drawn] of Object.entries(await drawArchitecture()))
    expect(await readFile(resolve(import.meta.dirname, '../../docs', name), 'utf8')).toBe(drawn)
})

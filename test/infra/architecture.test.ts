import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { drawArchitecture } from '../../infra/architecture.ts'

it('shows in docs/architecture.md what the template would deploy (else: node infra/architecture.ts)', async () => {
  const kept = await readFile(resolve(import.meta.dirname, '../../docs/architecture.md'), 'utf8')
  expect(await drawArchitecture()).toBe(kept)
})

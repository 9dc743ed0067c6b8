import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const linesOf = (folder: string): number =>
  readdirSync(folder)
    .map(name => readFileSync(`${folder}/${name}`, 'utf8').trimEnd().split('\n').length)
    .reduce((sum, lines) => sum + lines, 0)

it("keeps the laptop's cloud small enough to be read in one sitting", () => {
  expect(linesOf('infra/local/cloud')).toBeLessThanOrEqual(1_590)
  expect(linesOf('infra/local/dynamodb')).toBeLessThanOrEqual(700)
  expect(linesOf('infra/local/directory')).toBeLessThanOrEqual(850)
})

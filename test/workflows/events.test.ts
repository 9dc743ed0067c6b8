import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inYear } from '../../infra/local/sample/body.ts'
import type { HttpApp } from './http-app.ts'
import { closeSoundly, openSmallBody, people, subjectWith } from './small-body.ts'

/** Filed as somebody with this role; `expect` is the status of the answer. */
interface Sample {
  readonly as?: string
  readonly method: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
  readonly expect: number
}

const root = new URL('../../events/', import.meta.url)
const read = (file: string) =>
  JSON.parse(inYear(readFileSync(new URL(file, root), 'utf8'), new Date().getFullYear()))
const samples = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.json'))
  .sort()
const forms = samples.filter(file => file.startsWith('submit-request/'))
const calls = samples.filter(
  file => !/^(submit-request|load-bootstrap)\//.test(file) && 'method' in read(file),
)

let app: HttpApp
beforeAll(async () => {
  app = await openSmallBody()
})
afterAll(() => closeSoundly(app))

describe('the samples under events', () => {
  it.each(calls)('are answered as they say: %s', async file => {
    const { as, method, path, headers = {}, body, expect: status } = read(file) as Sample
    const sent = { ...(as !== undefined && { as: subjectWith(app, as) }), body, headers }
    const answer = await app.call(method, path, sent)
    expect([answer.status, status < 400 ? (answer.body.faults ?? []) : []]).toEqual([status, []])
  })

  it.each(forms)('have forms that are filed: %s', async file => {
    const form = { ...read(file), unit: 'dideco' }
    const answer = await app.call('POST', '/requests', { as: people.headOfDideco.nationalId, body: form })
    expect([answer.status, answer.body.faults]).toEqual([201, undefined])
  })
})

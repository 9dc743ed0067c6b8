import { readFileSync } from 'node:fs'
import type { Form } from '../../schemas/request.ts'
import { clientOf, mustBe } from './client.ts'
import { printAccounts, printDecisions } from './report.ts'
import { comparable, inYear, type SamplePerson, type SampleUnit } from './sample/body.ts'

const base = `http://127.0.0.1:${process.env.PORT ?? 3000}`

/** Files one form of `events/submit-request/` against the running process, as the head of its unit. */
async function submit(file: string): Promise<void> {
  const client = clientOf(base)
  const organisation = mustBe(await client('GET', '/local/organisation'), 200, 'GET /local/organisation')
  const people: SamplePerson[] = organisation.people
  const yearly = people.find(person => person.contract.type === 'contrata')?.contract.startsOn
  const form: Partial<Form> = JSON.parse(
    inYear(readFileSync(file, 'utf8'), Number(yearly?.slice(0, 4) ?? new Date().getFullYear())),
  )
  const unit = (organisation.units as SampleUnit[]).find(({ id }) => id === form.unit)
  if (unit === undefined) throw new Error(`the sample body has no unit "${form.unit}"`)
  const signer = mustBe(
    await client('POST', '/local/token', { body: { nationalId: unit.head.nationalId } }),
    200,
    'POST /local/token',
  )
  const token: string = signer.access_token
  const filed = mustBe(await client('POST', '/requests', { token, body: form }), 201, 'POST /requests')
  printDecisions(filed.number, form, filed.lines)
  mustBe(await client('GET', '/local/idle'), 200, 'GET /local/idle')
  const concerned = new Map<string, string>()
  for (const line of form.activations ?? [])
    concerned.set(comparable(line.person.nationalId), line.person.nationalId)
  for (const line of form.deactivations ?? []) concerned.set(comparable(line.nationalId), line.nationalId)
  const read = [...concerned.values()].map(id =>
    client('GET', `/people/${encodeURIComponent(id)}`, { token }),
  )
  const known = (await Promise.all(read)).filter(answer => answer.status === 200)
  printAccounts(known.map(answer => answer.body))
}

const [file] = process.argv.slice(2)
try {
  if (file === undefined)
    throw new Error('say which form: npm run submit -- events/submit-request/<case>.json')
  await submit(file)
} catch (error) {
  const refused = (error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED'
  console.error(refused ? `Nothing answers on ${base}: run npm start first.` : (error as Error).message)
  process.exitCode = 1
}

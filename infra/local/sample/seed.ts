import type { Access } from '../../../schemas/access.ts'
import { type Client, mustBe } from '../client.ts'
import type { Issuer } from '../issuer.ts'
import type { SampleBody, SamplePerson, SampleUnit } from './body.ts'

/** What everybody of the body has: an account with the minimum profile, and mail (R5, R6). */
const BASIC: readonly Access[] = [
  { system: 'directory', internetProfile: 'controlado', removableStorage: false },
  { system: 'mail' },
]

function lines({ nationalId, givenNames, surnames, position, contract }: SamplePerson) {
  const yearly = contract.type === 'contrata' || contract.type === 'plazo-fijo'
  return BASIC.map(access => ({
    person: { nationalId, givenNames, surnames, position },
    contract,
    access,
    until: yearly ? contract.endsOn : null,
  }))
}

async function file(client: Client, key: string, signer: Promise<string>, form: object) {
  const headers = { 'idempotency-key': key }
  const answer = await client('POST', '/requests', { token: await signer, body: form, headers })
  return mustBe(answer, 201, 'POST /requests')
}

/** Files the sample form as the head of its unit. Under its key it is filed once, however often this runs. */
export function fileSampleForm(client: Client, issuer: Issuer, { units, form }: SampleBody) {
  const head = units.find(unit => unit.id === form.unit)?.head.nationalId ?? ''
  return file(client, 'sample-form', issuer.tokenFor(head), form)
}

/** Top units first: a parent is recorded before what hangs below it. */
function levels(units: readonly SampleUnit[]): SampleUnit[][] {
  const found: SampleUnit[][] = []
  let parents: (string | null)[] = [null]
  for (let rest = units; rest.length > 0; ) {
    const level = rest.filter(unit => parents.includes(unit.parent))
    if (level.length === 0) throw new Error('a sample unit hangs below a unit that is not there')
    found.push(level)
    parents = level.map(unit => unit.id)
    rest = rest.filter(unit => !level.includes(unit))
  }
  return found
}

/**
 * Brings the sample body into an empty register, through the HTTP interface and by real forms: heads sign for their units,
 * the parent's head for a head, the authority for the top unit's head. Every call may be repeated after a kill.
 */
export async function seedSample(client: Client, issuer: Issuer, sample: SampleBody) {
  const inRole = async (role: string) => {
    const person = sample.people.find(({ roles }) => roles.some(held => held === role))
    return issuer.tokenFor(person?.nationalId ?? '')
  }
  const [hr, security, authority] = await Promise.all([inRole('hr'), inRole('security'), inRole('authority')])

  const putUnit = async (unit: SampleUnit, head: SampleUnit['head'] | null) => {
    const { id, name, parent } = unit
    const answer = await client('PUT', `/units/${id}`, { token: hr, body: { name, parent, head } })
    mustBe(answer, answer.status === 201 ? 201 : 200, 'PUT /units/{id}')
  }
  for (const level of levels(sample.units)) await Promise.all(level.map(unit => putUnit(unit, null)))

  const register = await client('POST', '/people', {
    token: hr,
    body: sample.csv,
    headers: { 'content-type': 'text/csv; charset=utf-8', 'idempotency-key': 'sample-register' },
  })
  mustBe(register, 200, 'POST /people')

  const identities = sample.people.map(({ nationalId }) => ({
    nationalId,
    issuer: issuer.url,
    subject: issuer.subjectOf(nationalId),
  }))
  const link = async () => {
    const answer = await client('POST', '/identities', { token: security, body: { identities } })
    mustBe(answer, 200, 'POST /identities')
  }
  const nameDeputies = async (unit: SampleUnit) => {
    for (const body of unit.deputies) {
      const headers = { 'idempotency-key': `sample-deputy-${unit.id}` }
      const answer = await client('POST', `/units/${unit.id}/deputies`, { token: hr, body, headers })
      mustBe(answer, answer.status === 201 ? 201 : 200, 'POST /units/{id}/deputies')
    }
  }
  await Promise.all([
    link(),
    ...sample.units.map(async unit => {
      await putUnit(unit, unit.head)
      await nameDeputies(unit)
    }),
  ])

  const heads = new Set(sample.units.map(unit => unit.head.nationalId))
  const inSampleForm = new Set(
    sample.form.activations.map(line => line.person.nationalId.replaceAll('.', '')),
  )
  const forms = sample.units.flatMap(unit => {
    const parent = sample.units.find(({ id }) => id === unit.parent)
    const own = issuer.tokenFor(unit.head.nationalId)
    const above = parent ? issuer.tokenFor(parent.head.nationalId) : Promise.resolve(authority)
    const staff = sample.people.filter(
      person =>
        person.unit === unit.id &&
        person.roles.length === 0 &&
        !heads.has(person.nationalId) &&
        !inSampleForm.has(person.nationalId),
    )
    const head = sample.people.filter(person => person.nationalId === unit.head.nationalId)
    const form = (people: SamplePerson[]) => ({
      unit: unit.id,
      activations: people.flatMap(lines),
      declaration: true,
    })
    return [
      file(client, `sample-staff-${unit.id}`, own, form(staff)),
      file(client, `sample-head-${unit.id}`, above, form(head)),
    ]
  })
  const filed = await Promise.all(forms)
  const waiting = filed
    .flatMap(({ lines }) => lines)
    .filter((line: { status: string }) => ['rejected', 'observed', 'awaiting-approval'].includes(line.status))
  if (waiting.length > 0) throw new Error(`${waiting.length} lines of the sample body were not accepted`)
}

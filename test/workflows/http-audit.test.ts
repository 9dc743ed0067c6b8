import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashOf } from '../../functions/stores/ledger.ts'
import { type AuditEntry, AuditPage, Verification } from '../../schemas/api.ts'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, openSmallBody, people, subjectWith, today } from './small-body.ts'

let app: HttpApp
let security: string
let request: string
const head = people.headOfDideco.nationalId

beforeAll(async () => {
  app = await openSmallBody()
  security = subjectWith(app, 'security')
  const body = {
    unit: 'dideco',
    activations: [activation(people.clerk, { system: 'mail' })],
    declaration: true,
  }
  request = (await app.call('POST', '/requests', { as: head, body })).body.number
})
afterAll(() => closeSoundly(app))

const audit = async (query: string): Promise<AuditEntry[]> => {
  const entries: AuditEntry[] = []
  let cursor: string | null = null
  do {
    const answer = await app.call('GET', `/audit?${query}${cursor === null ? '' : `&cursor=${cursor}`}`, {
      as: security,
    })
    expect(answer.status).toBe(200)
    const page = AuditPage.parse(answer.body)
    entries.push(...page.entries)
    cursor = page.cursor
  } while (cursor !== null)
  return entries
}

describe('the audit', () => {
  it('finds what was done about a person, named by national id, with names joined on reading', async () => {
    const entries = await audit(`subject=${people.clerk.nationalId}`)
    expect(entries.map(({ act }) => act)).toEqual(['hr-event-recorded', 'identity-linked', 'lines-applied'])
    expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    expect(entries[0]).toMatchObject({
      phase: 'recorded',
      subject: { nationalId: people.clerk.nationalId, name: 'Elena Ñancucheo Díaz' },
      actor: { role: 'hr' },
      previousHash: '',
    })
    expect(entries[1]?.previousHash).toBe(entries[0]?.hash)
    expect(await audit(`subject=${entries[0]?.subject.personId}`)).toEqual(entries)
  })

  it('finds what a person did, what became of a request, and what was done in a period', async () => {
    expect((await audit(`actor=${head}`)).map(({ act }) => act)).toEqual(['request-filed', 'lines-applied'])
    const ofRequest = await audit(`request=${request}`)
    expect(ofRequest.map(({ chain }) => chain.split('/')[0])).toEqual(['request', 'person'])
    const all = await audit(`from=${today}&to=${today}`)
    expect(all.length).toBeGreaterThan(30)
    expect(all.map(({ at }) => at)).toEqual(all.map(({ at }) => at).sort())
    const chosen = await audit(`from=${today}&to=${today}&act=unit-recorded`)
    expect(chosen).toEqual(all.filter(({ act }) => act === 'unit-recorded'))
    const [first, last] = [all[10]?.at ?? '', all[20]?.at ?? '']
    const between = await audit(`from=${first}&to=${last}`)
    expect(between).toEqual(all.filter(({ at }) => first <= at && at <= last))
    expect(await audit(`subject=${people.clerk.nationalId}&to=2020-01-01`)).toEqual([])
    expect(await audit(`subject=${people.clerk.nationalId}&system=nowhere`)).toEqual([])
  })

  it('holds no name and no national id of its own', async () => {
    const texts = JSON.stringify(
      (await audit(`from=${today}&to=${today}`)).map(({ before, after, evidence, cause, chain }) => [
        before,
        after,
        evidence,
        cause,
        chain,
      ]),
    )
    for (const { nationalId, surnames } of Object.values(people)) {
      expect(texts).not.toContain(nationalId)
      expect(texts).not.toContain(surnames)
    }
  })

  it.each([
    ['', '/query'],
    ['act=request-filed', '/query'],
    ['from=2026-01-01', '/query'],
    ['from=2026-01-01&to=2026-02-02', '/query'],
    ['from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00.001Z', '/query'],
    ['from=2026-02-30&to=2026-03-01', '/query/from'],
    ['from=2026-02-02&to=2026-02-01', '/query/to'],
    ['subject=nobody', '/query/subject'],
    ['request=2026', '/query/request'],
    ['subject=76.086.428-5&act=gossip', '/query/act'],
    ['subject=76.086.428-5&cursor=zzz', '/query/cursor'],
    [`from=${today}&to=${today}&cursor=${Buffer.from('hello').toString('base64url')}`, '/query/cursor'],
  ])('is not for browsing: 400 for «%s»', async (query, pointer) => {
    const answer = await app.call('GET', `/audit?${query}`, { as: security })
    expect(answer.status).toBe(400)
    expect(answer.body.faults.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer)
  })

  it('takes 31 days, and has nothing of somebody unknown', async () => {
    expect(await audit('from=2020-01-01&to=2020-02-01')).toEqual([])
    expect(await audit('subject=76.086.428-5')).toEqual([])
  })
})

describe('the verification', () => {
  const verify = async () =>
    Verification.parse((await app.call('GET', '/audit/verification', { as: security })).body)

  it('finds every chain whole, and no intent open', async () => {
    const verified = await verify()
    expect(verified).toMatchObject({ ok: true, anchors: 0, openIntents: 0, faults: [] })
    expect(verified.chains).toBeGreaterThan(15)
    expect(verified.entries).toBeGreaterThan(verified.chains)
  })

  it('finds an entry that was rewritten, with its old hash and with a new one, and one too many', async () => {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient(app.client))
    const [, entry] = await audit(`subject=${people.clerk.nationalId}`)
    const chain = entry?.chain ?? ''
    const Key = { chain, sequence: 2 }
    const kept = (await client.send(new GetCommand({ TableName: 'ledger', Key }))).Item ?? {}
    const put = (Item: object) => client.send(new PutCommand({ TableName: 'ledger', Item }))
    const text = String(kept.text).replace('identity-linked', 'deputy-named')

    await put({ ...kept, text })
    expect((await verify()).faults).toEqual([{ kind: 'altered', chain, sequence: 2 }])
    await put({ ...kept, text, hash: hashOf(text) })
    expect((await verify()).faults).toEqual([{ kind: 'forked', chain, sequence: 3 }])
    await put(kept)

    const appended = String(kept.text).replace('"sequence":2', '"sequence":4')
    await put({ ...kept, sequence: 4, text: appended, hash: hashOf(appended) })
    expect((await verify()).faults.map(({ kind, sequence }) => `${kind} ${sequence}`)).toEqual([
      'forked 4',
      'forked 4',
    ])
    client.destroy()
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HttpApp } from './http-app.ts'
import { closeSoundly, named, openSmallBody, people, subjectWith, today } from './small-body.ts'

const rescuer = 'subject-of-the-rescuer'
let app: HttpApp
beforeAll(async () => {
  app = await openSmallBody(settings => ({
    ...settings,
    rescue: [
      {
        person: named(people.mayor),
        issuer: settings.bootstrap[0]?.issuer,
        subject: rescuer,
        roles: ['security', 'it'],
      },
    ],
  }))
})
afterAll(() => closeSoundly(app))

const deploy = async () => expect(await app.bootstrap('Update')).toMatchObject({ Status: 'SUCCESS' })
const rolesOf = async (as: string) => {
  const { status, body } = await app.call('GET', '/me', { as })
  return status === 200 ? body.person.roles : status
}
const security = () => app.settings.bootstrap.find(({ roles }) => roles.includes('security'))
const tell = (type: string, more: object = {}) =>
  app.call('POST', '/hr-events', {
    as: subjectWith(app, 'hr'),
    body: {
      version: 1,
      id: crypto.randomUUID(),
      type,
      nationalId: security()?.person.nationalId,
      effectiveOn: today,
      recordedAt: new Date().toISOString(),
      ...more,
    },
  })

describe('a role that needs two people and has nobody left', () => {
  it('is not given by a deployment while somebody has it, nor while they are only on leave', async () => {
    await deploy()
    expect(await rolesOf(rescuer)).toBe(403)
    expect((await tell('leave-started')).status).toBe(202)
    await deploy()
    expect(await rolesOf(rescuer)).toBe(403)
  })

  it('is taken by whom the settings name for it, with no other role, as the deployment’s act', async () => {
    expect((await tell('terminated')).status).toBe(202)
    expect(await rolesOf(subjectWith(app, 'security'))).toBe(403)
    await deploy()
    expect(await rolesOf(rescuer)).toEqual(['security'])
    await deploy()
    const { body } = await app.call('GET', `/audit?subject=${people.mayor.nationalId}&act=role-granted`, {
      as: rescuer,
    })
    expect(body.entries).toMatchObject([{ actor: { role: 'bootstrap' }, after: { role: 'security' } }])
    const verified = await app.call('GET', '/audit/verification', { as: rescuer })
    expect(verified.body).toMatchObject({ ok: true, faults: [] })
  })

  it('is taken by nobody who is held themselves', async () => {
    expect((await tell('terminated', { nationalId: people.mayor.nationalId })).status).toBe(202)
    expect(await app.bootstrap('Update')).toMatchObject({
      Status: 'FAILED',
      Reason: 'rescue 0: terminated, sanctioned or suspended',
    })
    expect(await rolesOf(rescuer)).toBe(403)
  })
})

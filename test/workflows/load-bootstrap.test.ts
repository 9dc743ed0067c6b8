import { expect, it } from 'vitest'
import { openHttpApp } from './http-app.ts'

it('tells CloudFormation what is wrong with the bootstrap, and enters nobody', async () => {
  const app = await openHttpApp(settings => ({
    ...settings,
    bootstrap: settings.bootstrap.map(one => ({ ...one, person: { ...one.person, nationalId: '1-1' } })),
  }))
  expect(await app.bootstrap()).toMatchObject({
    Status: 'FAILED',
    Reason: expect.stringContaining('national-id'),
    PhysicalResourceId: 'bootstrap',
  })
  expect((await app.call('GET', '/me', { as: app.settings.bootstrap[0]?.subject ?? '' })).status).toBe(403)
  await app.close()
})

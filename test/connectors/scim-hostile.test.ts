import { createScimConnector } from '../../functions/connectors/scim/index.ts'
import { openHostileRoad } from '../servers/hostile-road.ts'
import { scimServerTitle, store } from '../servers/scim/scimmy-server.ts'
import type { HostileHarness } from './hostile-harness.ts'
import { describeHostility } from './hostile-suite.ts'
import { openScim, scimSettings } from './scim-harness.ts'

describeHostility(`ERP by SCIM made hostile, ${scimServerTitle}`, async (): Promise<HostileHarness> => {
  const harness = await openScim()
  const { server } = harness
  const road = await openHostileRoad(() => server.port)
  const secret = { url: `${road.url}/scim`, token: 'first', ca: road.ca }
  const connector = createScimConnector(scimSettings, secret, { patience: 2_000 })
  const during = (make: () => void, end: () => void) => async () => {
    make()
    return async () => end()
  }
  return {
    settings: scimSettings,
    connector,
    look: name => harness.look(name),
    hazards: {
      unreachable: road.line('unreachable'),
      'reset mid-answer': road.line('reset-mid-answer'),
      frozen: road.line('frozen'),
      slow: road.line('slow'),
      'empty answer': during(
        () => {
          server.answersNothing = true
        },
        () => {
          server.answersNothing = false
        },
      ),
      'no permission to read': during(
        () => server.tokens.set('first', 'nothing'),
        () => server.tokens.set('first', 'read-write'),
      ),
      'truncated page': during(
        () => {
          server.truncates = true
        },
        () => {
          server.truncates = false
        },
      ),
      'restored from an old backup': async () => {
        const [users, groups] = [new Map(store.users), new Map(store.groups)]
        return async () => {
          for (const [all, then] of [
            [store.users, users],
            [store.groups, groups],
          ] as const) {
            all.clear()
            for (const [id, one] of then) (all as Map<string, unknown>).set(id, one)
          }
        }
      },
      'clock ten minutes off':
        'SCIM is told no time: no end is armed, and a token is the service’s own to judge',
      'certificate expired': road.certificate('expired'),
      'wrong CA': road.certificate('foreign'),
      'service password changed': during(
        () => server.tokens.delete('first'),
        () => server.tokens.set('first', 'read-write'),
      ),
      throttled: during(
        () => {
          server.throttle = '1'
        },
        () => {
          server.throttle = null
        },
      ),
    },
    async close() {
      await connector.close()
      await road.close()
      await harness.close()
    },
  }
})

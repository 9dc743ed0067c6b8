import { setTimeout as pause } from 'node:timers/promises'
import { createMicrosoftConnector } from '../../functions/connectors/microsoft-365/index.ts'
import { openGraph, sampleTenant } from '../servers/graph/graph-server.ts'
import { openHostileRoad } from '../servers/hostile-road.ts'
import type { HostileHarness } from './hostile-harness.ts'
import { describeHostility } from './hostile-suite.ts'
import { microsoftSettings } from './microsoft-365-harness.ts'

describeHostility(
  'Microsoft 365 mailboxes made hostile, a double of Microsoft Graph 1.0',
  async (): Promise<HostileHarness> => {
    const server = await openGraph(microsoftSettings.domain)
    const { tenant } = server
    tenant.resolution = 1
    const road = await openHostileRoad(() => server.port)
    server.publicUrl = road.url
    const secret = {
      tenant: sampleTenant,
      clientId: 'llavero',
      clientSecret: 'first',
      graph: road.url,
      login: road.url,
      ca: road.ca,
    }
    const connector = createMicrosoftConnector(microsoftSettings, secret, {
      patience: 2_000,
      trustedFor: 300,
    })
    const client = server.clients.get('llavero') ?? { secret: '', rights: new Set() }
    const during = (make: () => void, end: () => void) => async () => {
      make()
      return async () => end()
    }
    return {
      settings: microsoftSettings,
      connector,
      async look(name) {
        return tenant.users
          .filter(user => user.userPrincipalName === name)
          .map(user => ({ enabled: user.accountEnabled, shownName: user.displayName, rights: [] }))
      },
      hazards: {
        unreachable: road.line('unreachable'),
        'reset mid-answer': road.line('reset-mid-answer'),
        frozen: road.line('frozen'),
        slow: road.line('slow'),
        'empty answer': during(
          () => {
            server.showsNobody = true
          },
          () => {
            server.showsNobody = false
          },
        ),
        'no permission to read': during(
          () => client.rights.delete('read'),
          () => client.rights.add('read'),
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
          const putBack = tenant.backup()
          return async () => {
            putBack()
            // What this worker wrote before is believed for a moment longer than what is read.
            await pause(400)
          }
        },
        'clock ten minutes off': during(
          () => {
            tenant.clockOffset = -600_000
          },
          () => {
            tenant.clockOffset = 0
          },
        ),
        'certificate expired': road.certificate('expired'),
        'wrong CA': road.certificate('foreign'),
        'service password changed': during(
          () => {
            client.secret = 'second'
            server.forgetTokens()
          },
          () => {
            client.secret = 'first'
          },
        ),
        throttled: during(
          () => {
            server.throttle = { letThrough: 0, retryAfter: '1' }
          },
          () => {
            server.throttle = null
          },
        ),
      },
      async close() {
        await connector.close()
        await road.close()
        await server.close()
      },
    }
  },
)

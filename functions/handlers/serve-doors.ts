import { largestUpload, serveDevice } from '../workflows/serve-device.ts'
import { counter, doors } from './compose-doors.ts'
import { plainHttp, textOf } from './http.ts'

/** Names without regard to letter case; of one that is given twice the first counts. */
const queryOf = (raw: string) => {
  const query = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(raw))
    if (!query.has(name.toLowerCase())) query.set(name.toLowerCase(), value)
  return query
}

/** Every call of a door controller. Its path is a secret, and what it sends are badges: neither is ever in a log. */
export const handler = plainHttp(counter, async event => {
  const { site = '', call = '' } = event.pathParameters ?? {}
  const method = event.routeKey.startsWith('POST ') ? 'POST' : 'GET'
  const query = queryOf(event.rawQueryString)
  const certificate = event.requestContext.authentication?.clientCert.clientCertPem ?? null
  const body = textOf(event, largestUpload)
  return serveDevice(doors, { method, site, certificate, call, query, body })
})

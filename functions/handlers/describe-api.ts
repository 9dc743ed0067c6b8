import { Logger } from '@aws-lambda-powertools/logger'
import document from '../../schemas/openapi.json' with { type: 'json' }
import { openHttp } from './http.ts'

const text = JSON.stringify(document)

/** Needs no register and no settings: the contract is the same for every body, and liveness has no detail. */
export const handler = openHttp(
  { locale: 'es-CL', logger: new Logger() },
  {
    'GET /openapi.json': () => ({ status: 200, body: text, headers: { 'cache-control': 'max-age=300' } }),
    'GET /health': () => ({ status: 200, body: { status: 'ok' } }),
  },
)

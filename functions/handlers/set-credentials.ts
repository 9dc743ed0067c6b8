import { NoQuery } from '../../schemas/api.ts'
import { SentPassword } from '../../schemas/api-operations.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { Connector } from '../connectors/contract.ts'
import { setCredential } from '../workflows/set-credential.ts'
import { base } from './compose-base.ts'
import { codesKey } from './compose-codes.ts'
import { credentials } from './compose-credentials.ts'
import { front } from './compose-front.ts'
import { http, ok, route } from './http.ts'

/** The handler of one system's passwords. It keeps no answer under an idempotency key: a password is set as often as it is sent. */
export const credentialsHandler = (
  target: TargetId,
  connector: (mark: string | null) => Promise<Connector>,
) =>
  http(front, {
    [`POST /me/credentials/${target}`]: route({
      query: NoQuery,
      body: SentPassword,
      run: async ({ caller, body }) =>
        ok(
          await setCredential(
            { ...base, credentials, target, connector, codesKey },
            { caller, password: body.password, code: body.code ?? null },
          ),
        ),
    }),
  })

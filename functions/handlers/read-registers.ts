import { type RegisterPage, RegisterPath, RegistersQuery } from '../../schemas/registers.ts'
import { isRefusal, refuse } from '../domain/refusal.ts'
import { registerFile } from '../domain/register-csv.ts'
import { readRegister } from '../workflows/read-register.ts'
import { pageLimits } from '../workflows/walk-people.ts'
import { front, registers } from './compose-registers.ts'
import { type Answer, http, ok, route } from './http.ts'
import { chosenType } from './http-accept.ts'

/** A page as a file to keep; where the next one is stands beside it, for a table has no place for it. */
function file(page: RegisterPage): Answer {
  const { name, text } = registerFile(page, registers.settings)
  const { register, asAt, cursor } = page
  const next = new URLSearchParams({
    asAt,
    ...('from' in page && { from: page.from }),
    cursor: cursor ?? '',
  })
  return {
    status: 200,
    body: text,
    headers: {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="${name}"`,
      ...(cursor !== null && { link: `</registers/${register}?${next}>; rel="next"` }),
    },
  }
}

export const handler = http(front, {
  'GET /registers/{register}': route({
    path: RegisterPath,
    query: RegistersQuery,
    run: async ({ path, query, accept }) => {
      const type = chosenType(accept, ['application/json', 'text/csv'])
      if (type === null) return refuse('not-acceptable')
      const page = await readRegister({ ...registers, limits: pageLimits }, path.register, query)
      return type === 'text/csv' && !isRefusal(page) ? file(page) : ok(page)
    },
  }),
})

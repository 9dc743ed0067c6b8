import { type RegisterPage, RegisterPath, RegistersQuery } from '../../schemas/registers.ts'
import { isRefusal, refuse } from '../domain/refusal.ts'
import { registerFile } from '../domain/register-csv.ts'
import { readRegister } from '../workflows/read-register.ts'
import { pageLimits } from '../workflows/walk-people.ts'
import { front, registers } from './compose-registers.ts'
import { visits } from './compose-visits.ts'
import { type Answer, http, ok, route } from './http.ts'
import { chosenType, csvFile } from './http-accept.ts'

function file(page: RegisterPage): Answer {
  const { next, ...named } = registerFile(page, registers.settings)
  return csvFile(named, next === null ? {} : { link: `<${next}>; rel="next"` })
}

export const handler = http(front, {
  'GET /registers/{register}': route({
    path: RegisterPath,
    query: RegistersQuery,
    run: async ({ path, query, accept }) => {
      const type = chosenType(accept, ['application/json', 'text/csv'])
      if (type === null) return refuse('not-acceptable')
      const page = await readRegister({ ...registers, visits, limits: pageLimits }, path.register, query)
      return type === 'text/csv' && !isRefusal(page) ? file(page) : ok(page)
    },
  }),
})

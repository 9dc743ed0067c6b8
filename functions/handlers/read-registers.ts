import { RegisterPath, RegistersQuery } from '../../schemas/registers.ts'
import { isRefusal, refuse } from '../domain/refusal.ts'
import { registerFile } from '../domain/register-csv.ts'
import { readRegister } from '../workflows/read-register.ts'
import { pageLimits } from '../workflows/walk-people.ts'
import { front, registers } from './compose-registers.ts'
import { visits } from './compose-visits.ts'
import { csv, http, ok, route } from './http.ts'
import { chosenType } from './http-accept.ts'

export const handler = http(front, {
  'GET /registers/{register}': route({
    path: RegisterPath,
    query: RegistersQuery,
    run: async ({ path, query, accept }) => {
      const type = chosenType(accept, ['application/json', 'text/csv'])
      if (type === null) return refuse('not-acceptable')
      const page = await readRegister({ ...registers, visits, limits: pageLimits }, path.register, query)
      return type === 'text/csv' && !isRefusal(page) ? csv(registerFile(page, registers.settings)) : ok(page)
    },
  }),
})

import { SubmitQuery } from '../../schemas/api.ts'
import { Form } from '../../schemas/request.ts'
import { faultsOfBrokenForm } from '../domain/form-faults.ts'
import { isRefusal } from '../domain/refusal.ts'
import { bodyHashOf } from '../workflows/file-once.ts'
import { submitRequest } from '../workflows/submit-request.ts'
import { decidedLines, statusOfRequest, tellFiled } from '../workflows/view-request.ts'
import { front, registers } from './compose-registers.ts'
import { http, route } from './http.ts'

export const handler = http(front, {
  'POST /requests': route({
    query: SubmitQuery,
    body: Form,
    inspect: sent => faultsOfBrokenForm(sent, registers.settings),
    run: async ({ caller, query, body, idempotencyKey, at }) => {
      const submitted = await submitRequest(registers, {
        caller,
        form: body,
        idempotency: idempotencyKey === null ? null : { key: idempotencyKey, bodyHash: bodyHashOf(body) },
        dryRun: query.dryRun === 'true',
        eventAt: at,
      })
      if (isRefusal(submitted)) return submitted
      if ('filed' in submitted) {
        const filed = await tellFiled(registers, submitted.filed)
        return { status: 201, body: filed, headers: { location: `/requests/${filed.number}` } }
      }
      const lines = decidedLines(submitted.lines)
      return { status: 200, body: { status: statusOfRequest(lines), lines, plan: submitted.plan } }
    },
  }),
})

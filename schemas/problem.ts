import * as z from 'zod'

/** One fault of the input: where (JSON pointer, RFC 6901), which (closed code), and what to say (Spanish). */
export const Fault = z
  .strictObject({ pointer: z.string(), code: z.string(), message: z.string() })
  .meta({ id: 'Fault' })
export type Fault = z.infer<typeof Fault>

/** RFC 9457. `type` is stable, `detail` is Spanish; `faults` lists every fault at once. */
export const Problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    instance: z.string().optional(),
    faults: z.array(Fault).optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof Problem>

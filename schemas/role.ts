import * as z from 'zod'

/** The body's dated roles. Heads and deputies are not roles: they follow from the units. */
export const Role = z.enum(['hr', 'it', 'security', 'authority'])
export type Role = z.infer<typeof Role>

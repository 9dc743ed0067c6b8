import type { Code } from './es-cl.ts'

/** Where Guatemala says it otherwise; all else is as in Chile. */
export const esGT: Partial<Record<Code, string>> = {
  'national-id.shape': 'El CUI debe tener 13 dígitos.',
  'national-id.check-digit': 'El dígito verificador del CUI no corresponde.',
}

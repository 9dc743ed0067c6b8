import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { KeptLine } from '../../schemas/request.ts'

/** SHA-256 over the canonical text (RFC 8785) of a line as it stands: it changes with whatever is decided or completed of it. */
export const lineHash = (line: KeptLine): string =>
  createHash('sha256')
    .update(canonicalize(line) ?? '')
    .digest('hex')

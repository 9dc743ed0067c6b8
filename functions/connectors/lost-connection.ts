import { ConnectorError } from './contract.ts'

/** The connection broke under a question: whether what it asked for was done is unknown, a second look tells. */
export class LostConnection extends ConnectorError {
  constructor(system: string, cause: unknown) {
    super(system, 'unreachable', true, cause)
  }
}

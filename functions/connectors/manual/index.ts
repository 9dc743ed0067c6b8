import { type Applied, type Connector, ConnectorError, type Outcome } from '../contract.ts'

/**
 * A target that nothing but people can enter: there is nothing to look at and nothing to act on. What is there is what a
 * human attested (`workflows/converge-by-hand.ts`), who never asks this connector; whoever does is told that it is not set
 * up for that. A profile cannot be told either: names and posts are not compared.
 */
export function createManualConnector({ id }: { readonly id: string }): Connector {
  const none = <T>(): Outcome<T> => ({ ok: false, error: new ConnectorError(id, 'misconfigured', false) })
  return {
    system: id,
    profileHash: () => '',
    observe: async accounts => accounts.map(() => none()),
    apply: async plans => plans.map(() => none<Applied>()),
    list: async () => none(),
    close: async () => {},
  }
}

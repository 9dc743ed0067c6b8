/** As much of express as the test server uses. */
declare module 'express' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  type Next = (error?: unknown) => void
  export type Handler = (
    request: IncomingMessage & { path: string; query: object },
    response: ServerResponse,
    next: Next,
  ) => void
  interface Application {
    (request: IncomingMessage, response: ServerResponse): void
    use(handler: Handler): this
    use(path: string, handler: unknown): this
  }
  export default function express(): Application
}

declare module 'scimmy-routers' {
  import type { Handler } from 'express'

  export default class SCIMMYRouters {
    constructor(authentication: { type: 'bearer'; handler: () => string })
    handle: Handler
  }
}

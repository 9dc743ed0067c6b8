import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'

interface Asked {
  id: string
  event: string
  arn: string
  timeoutMs: number
}

type Handler = (event: unknown, context: object) => unknown

const { directory, handler, offset, memory } = workerData as {
  directory: string
  handler: string
  offset: SharedArrayBuffer
  memory: number
}

// The clock of the function is the real one plus the offset; timers, TLS and token expiry stay in real time.
const moved = new BigInt64Array(offset)
const realNow = Date.now
const now = (): number => realNow() + Number(Atomics.load(moved, 0))
Date.now = now
globalThis.Date = new Proxy(Date, {
  construct: (target, args, asked) => Reflect.construct(target, args.length > 0 ? args : [now()], asked),
  apply: target => new target(now()).toString(),
})

const load = async (): Promise<Handler> => {
  const dot = handler.lastIndexOf('.')
  const module = await import(pathToFileURL(join(directory, `${handler.slice(0, dot)}.mjs`)).href)
  return module[handler.slice(dot + 1)]
}

const loaded = load()
loaded.catch(() => undefined)

parentPort?.on('message', async ({ id, event, arn, timeoutMs }: Asked) => {
  const deadline = realNow() + timeoutMs
  process.env._X_AMZN_TRACE_ID = `Root=1-${Math.floor(now() / 1000).toString(16)}-${id.replaceAll('-', '').slice(0, 24)}`
  const context = {
    awsRequestId: id,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    memoryLimitInMB: String(memory),
    getRemainingTimeInMillis: () => Math.max(0, deadline - realNow()),
    callbackWaitsForEmptyEventLoop: true,
  }
  try {
    const value = await (await loaded)(JSON.parse(event), context)
    // As Lambda does, whatever comes back goes through JSON.
    parentPort?.postMessage({ id, value: value === undefined ? null : JSON.parse(JSON.stringify(value)) })
  } catch (error) {
    const failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const stack = error instanceof Error ? error.stack : failure
    console.error(JSON.stringify({ level: 'ERROR', function: process.env.AWS_LAMBDA_FUNCTION_NAME, stack }))
    parentPort?.postMessage({ id, failure })
  }
})

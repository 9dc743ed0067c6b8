// One Lambda function in one worker thread. Plain JavaScript: stripping types would cost 11 MB in every worker.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'

const { directory, handler, offset, memory } = workerData

// The function's clock is the real one plus the offset; timers, TLS and the expiry of tokens stay in real time.
const moved = new BigInt64Array(offset)
const realNow = Date.now
const now = () => realNow() + Number(Atomics.load(moved, 0))
Date.now = now
globalThis.Date = new Proxy(Date, {
  construct: (target, args, asked) => Reflect.construct(target, args.length > 0 ? args : [now()], asked),
  apply: target => new target(now()).toString(),
})

const [file, name] = handler.split('.')
const loaded = import(pathToFileURL(join(directory, `${file}.mjs`)).href)
loaded.catch(() => undefined)

parentPort.on('message', async ({ id, event, arn, timeoutMs }) => {
  const deadline = realNow() + timeoutMs
  const trace = `${Math.floor(now() / 1000).toString(16)}-${id.replaceAll('-', '').slice(0, 24)}`
  process.env._X_AMZN_TRACE_ID = `Root=1-${trace}`
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
    const value = await (await loaded)[name](JSON.parse(event), context)
    // As Lambda does, whatever comes back goes through JSON.
    parentPort.postMessage({ id, value: value === undefined ? null : JSON.parse(JSON.stringify(value)) })
  } catch (error) {
    const failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const stack = error instanceof Error ? error.stack : failure
    process.stderr.write(`${JSON.stringify({ level: 'ERROR', function: context.functionName, stack })}\n`)
    parentPort.postMessage({ id, failure })
  }
})

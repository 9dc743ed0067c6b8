import { randomUUID } from 'node:crypto'
import type { Writable } from 'node:stream'
import { Worker } from 'node:worker_threads'
import { REGION } from './aws-endpoint.ts'
import type { Stack } from './template.ts'

export type Functions = ReturnType<typeof openFunctions>

interface Definition {
  Code: { S3Key: string }
  Environment?: { Variables: Record<string, string> }
  FunctionName: string
  Handler: string
  MemorySize: number
  ReservedConcurrentExecutions?: number
  Runtime: string
  Timeout: number
}

/** Runs of one function at the same time: enough to show that they race each other. */
const MOST_RUNS = 2
/** A worker costs 40 MB. Beyond this many the idle one that was used longest ago makes room. */
const WARM_WORKERS = 8
const LONGEST_QUEUE = 1_000

/**
 * Every function in workers of its own, started when first needed and kept warm, each with the environment that the
 * template gives it and nothing else. `offset` holds the milliseconds by which their clock is moved.
 */
export const openFunctions = (stack: Stack, endpoint: string, offset: SharedArrayBuffer, log: Writable) => {
  const functions = new Map(
    stack.of<Definition>('AWS::Lambda::Function').map(({ id, properties: definition }) => {
      if (definition.Runtime !== 'nodejs24.x') throw new Error(`${id}: only nodejs24.x is honoured`)
      const concurrency = Math.min(MOST_RUNS, definition.ReservedConcurrentExecutions ?? MOST_RUNS)
      const pool = { idle: [] as Worker[], free: concurrency, waiting: [] as (() => void)[] }
      return [stack.nameOf(definition.FunctionName), { definition, arn: stack.arn(id), concurrency, ...pool }]
    }),
  )
  /** When each was last used. */
  const workers = new Map<Worker, number>()
  const failures: string[] = []
  let running = 0

  const named = (name: string) => {
    const found = functions.get(name)
    if (!found) throw new Error(`There is no function ${name}`)
    return found
  }

  const start = (name: string): Worker => {
    const { definition, idle } = named(name)
    const directory = stack.asset(definition.Code)
    const worker = new Worker(new URL('./function-worker.mjs', import.meta.url), {
      name,
      workerData: { directory, handler: definition.Handler, offset, memory: definition.MemorySize },
      stdout: true,
      stderr: true,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 2 },
      env: {
        ...definition.Environment?.Variables,
        AWS_ACCESS_KEY_ID: name,
        AWS_SECRET_ACCESS_KEY: 'laptop',
        AWS_REGION: REGION,
        AWS_ENDPOINT_URL: endpoint,
        AWS_LAMBDA_FUNCTION_NAME: definition.FunctionName,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.MemorySize),
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        LAMBDA_TASK_ROOT: directory,
      },
    })
    for (const output of [worker.stdout, worker.stderr]) output.on('data', text => void log.write(text))
    worker.on('error', () => undefined)
    worker.once('exit', () => {
      workers.delete(worker)
      if (idle.includes(worker)) idle.splice(idle.indexOf(worker), 1)
    })
    return worker
  }

  const run = (worker: Worker, name: string, event: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const { definition, arn } = named(name)
      const id = randomUUID()
      const finish = (failure: string | undefined, value?: unknown): void => {
        clearTimeout(timer)
        worker.off('message', heard).off('exit', ended).off('error', broke)
        if (failure === undefined) resolve(value)
        else reject(new Error(`${name}: ${failure}`))
      }
      const heard = ({ failure, value }: { failure?: string; value?: unknown }) => finish(failure, value)
      const broke = (error: Error) => finish(`the worker broke: ${error.message}`)
      const ended = (code: number) => finish(`the worker ended with ${code}`)
      const timer = setTimeout(() => {
        workers.delete(worker)
        void worker.terminate()
        finish(`Task timed out after ${definition.Timeout} seconds`)
      }, definition.Timeout * 1000)
      worker.on('message', heard).on('exit', ended).on('error', broke)
      worker.postMessage({ id, event: JSON.stringify(event), arn, timeoutMs: definition.Timeout * 1000 })
    })

  /** Runs a function once, in the first free worker; throws an error that says how it failed. */
  const invoke = async (name: string, event: unknown): Promise<unknown> => {
    const pool = named(name)
    if (pool.waiting.length >= LONGEST_QUEUE) throw new Error(`${name}: Rate Exceeded`)
    running++
    if (pool.free > 0) pool.free--
    else await new Promise<void>(turn => pool.waiting.push(turn))
    const worker = pool.idle.pop() ?? start(name)
    workers.set(worker, Date.now())
    try {
      return await run(worker, name, event)
    } catch (error) {
      failures.push((error as Error).message)
      throw error
    } finally {
      if (workers.has(worker)) pool.idle.push(worker)
      const next = pool.waiting.shift()
      if (next) next()
      else pool.free++
      running--
      makeRoom()
    }
  }

  const makeRoom = (): void => {
    const idle = [...functions.values()].flatMap(pool => pool.idle.map(worker => ({ worker, pool })))
    const [oldest] = idle.sort(
      (one, other) => (workers.get(one.worker) ?? 0) - (workers.get(other.worker) ?? 0),
    )
    if (!oldest || workers.size <= WARM_WORKERS) return
    oldest.pool.idle.splice(oldest.pool.idle.indexOf(oldest.worker), 1)
    workers.delete(oldest.worker)
    void oldest.worker.terminate()
  }

  return {
    invoke,
    /** Most runs of it at the same time, and seconds each may take. */
    limits: (name: string) => ({
      concurrency: named(name).concurrency,
      timeout: named(name).definition.Timeout,
    }),
    /** Runs under way, and those that wait for a worker. */
    running: () => running,
    /** How runs ended that did not end well: bugs, each of them. */
    failures: () => [...failures],
    close: () => Promise.all([...workers.keys()].map(worker => worker.terminate())),
  }
}

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bootLaptop, type Laptop, type Measure } from './boot.ts'
import { mustBe } from './client.ts'
import { printAccounts, printDecisions, printLedger } from './report.ts'

const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } })
const port = Number(process.env.PORT ?? 3000)
const dataDir = resolve(process.env.LLAVERO_DATA ?? fileURLToPath(new URL('../../.local', import.meta.url)))
const pidFile = join(dataDir, 'pid')

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`
const parts: string[] = []
const measure: Measure = async (part, work) => {
  const started = performance.now()
  const done = await work
  parts.push(`${part} ${seconds(performance.now() - started)}`)
  return done
}

function refuse(sentence: string): never {
  console.error(sentence)
  process.exit(1)
}

/** A port that is taken is found out before anything is started. */
const portIsFree = () =>
  new Promise<boolean>(resolve => {
    const probe = createServer().once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })

/** Whether the process that wrote the pid file still runs; another one may have its number by now. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('start.ts')
  } catch {
    return false
  }
}

function lockData(): void {
  mkdirSync(dataDir, { recursive: true })
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'))
    if (pid !== process.pid && runs(pid)) refuse(`Llavero already runs over ${dataDir} (process ${pid}).`)
  } catch {
    // No pid file: nobody runs here.
  }
  writeFileSync(pidFile, String(process.pid))
}

async function printSample({ client, issuer, sample, formNumber }: Laptop): Promise<void> {
  const inRole = (role: string) =>
    issuer.tokenFor(sample.people.find(({ roles }) => roles.some(held => held === role))?.nationalId ?? '')
  const [hr, security] = await Promise.all([inRole('hr'), inRole('security')])
  const request = await client('GET', `/requests/${formNumber}`, { token: hr })
  printDecisions(formNumber, sample.form, mustBe(request, 200, 'GET /requests/{number}').lines)
  const concerned = [...new Set(sample.form.activations.map(line => line.person.nationalId))]
  const people = await Promise.all(concerned.map(id => client('GET', `/people/${id}`, { token: hr })))
  printAccounts(people.map(person => mustBe(person, 200, 'GET /people/{nationalId}')))
  const audit = await client('GET', `/audit?subject=${concerned[0]}`, { token: security })
  printLedger(mustBe(audit, 200, 'GET /audit').entries)
}

let laptop: Laptop | undefined
let stopping = false
async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  await laptop?.close()
  rmSync(pidFile, { force: true })
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop())

if (!(await portIsFree()))
  refuse(`Port ${port} is in use: free it, or choose another one with PORT=3001 npm start.`)
lockData()
laptop = await bootLaptop(dataDir, port, measure)
await printSample(laptop)
const memory = Math.round(process.memoryUsage.rss() / 1_000_000)
console.log(`\n${parts.join(' · ')}; in all ${seconds(performance.now())}, ${memory} MB beside PostgreSQL`)
if (values.once) await stop()
console.log(`Llavero is ready on ${laptop.base} (contract: /openapi.json). Ctrl-C stops it.`)

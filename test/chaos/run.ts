import { spawnSync } from 'node:child_process'

/**
 * Lives through ten thousand histories of the whole engine, or `HISTORIES`, in processes of a few hundred each so that memory
 * stays bounded; stops at the first that fails. A process says its seed: `HISTORIES` and `HISTORIES_SEED` live through it again.
 */
const all = Number(process.env.HISTORIES ?? 10_000)
const first = Number(process.env.HISTORIES_SEED ?? Date.now() | 0)
const most = 500

for (let lived = 0, turn = 0; lived < all; turn++) {
  const some = Math.min(most, all - lived)
  const seed = (first + turn) | 0
  process.stdout.write(`histories: ${lived} of ${all}; the next ${some} from seed ${seed}\n`)
  const run = spawnSync('vitest', ['run', 'test/chaos/histories.test.ts'], {
    stdio: 'inherit',
    env: { ...process.env, HISTORIES: String(some), HISTORIES_SEED: String(seed) },
  })
  if (run.status !== 0) {
    process.stdout.write(
      `histories: again by HISTORIES=${some} HISTORIES_SEED=${seed} npx vitest run test/chaos/histories.test.ts\n`,
    )
    process.exit(1)
  }
  lived += some
}

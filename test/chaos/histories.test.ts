import fc from 'fast-check'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { Contract } from '../../schemas/contract.ts'
import type { TargetId } from '../../schemas/settings.ts'
import { calm, chances, file, type Scene } from './chances.ts'
import { histories, seed } from './how-many.ts'
import { planta } from './people.ts'
import { expectSettled, expectWhole } from './settled.ts'
import { count, type Folder, openTown, type Town, tally, targets, units } from './town.ts'

vi.setConfig({ testTimeout: 24 * 3_600_000 })

const usual = 300
const runs = histories(usual)
/** Histories that share a town: every account of it is looked at every day. */
const together = 3

let town: Town | null = null
let lived = 0
let cautious = false

/** What one town left behind is looked at as a whole before the next one opens; every second has a cautious guard. */
async function townFor(): Promise<Town> {
  if (town !== null && lived++ % together !== 0) return town
  await leave()
  cautious = Math.floor(lived / together) % 2 === 1
  town = await openTown(cautious)
  return town
}
async function leave(): Promise<void> {
  const left = town
  town = null
  if (left === null) return
  try {
    await expectWhole(left)
  } finally {
    await left.close()
  }
}
afterAll(async () => {
  await town?.close()
})

/** Where a history begins: somebody new, who may have everything already, and in a cautious town a colleague with an account. */
async function open(yearly: boolean, equipped: boolean): Promise<Scene> {
  const here = await townFor()
  const year = here.civil(0).slice(0, 4)
  const contrata: Contract = {
    ...planta,
    type: 'contrata',
    startsOn: `${year}-01-01`,
    endsOn: `${year}-12-31`,
  }
  const give = (folder: Folder, target: TargetId, until: string | null) =>
    file(here, folder, units[0], { act: 'give', target, unit: units[0], until })
  const folder = await here.newcomer(yearly ? contrata : planta)
  if (equipped) for (const target of targets) await give(folder, target, yearly ? `${year}-12-31` : null)
  if (equipped) {
    await here.decide(folder, 'approve')
    await here.settle()
    for (const act of ['hand over', 'sign'] as const) await here.tend(folder, act)
  }
  const others = here.cautious ? [await here.newcomer(planta)] : []
  for (const colleague of others) await give(colleague, 'directory', null)
  await here.settle()
  return { town: here, folder, everybody: [...others, folder] }
}

const say = (line: string) => process.stdout.write(`${line}\n`)

describe('whatever happens, in whatever order, and whoever dies over it', () => {
  it('ends with what should be: chains whole, one outcome an intent, open who should be and nobody else', async () => {
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.boolean(),
          fc.boolean(),
          fc.array(chances, { minLength: 6, maxLength: 30 }),
          async (yearly, equipped, history) => {
            const scene = await open(yearly, equipped)
            for (const { run } of history) await run(scene)
            await calm(scene.town)
            for (const folder of scene.everybody) await expectSettled(scene.town, folder)
            count('history')
            const so = tally.get('history') ?? 0
            if (runs > usual && so % 100 === 0) say(`histories: ${so} of ${runs} lived through`)
          },
        ),
        { numRuns: runs, seed, endOnFailure: true },
      )
      await leave()
    } finally {
      const told = [...tally].sort().map(([what, times]) => `${what} ${times}`)
      say(`histories: seed ${seed}, ${tally.get('history') ?? 0} of ${runs} runs; ${told.join(', ')}`)
    }
    // Not vacuous: everything that may happen has happened.
    if (runs >= usual) for (const what of happened) expect(tally.get(what) ?? 0, what).toBeGreaterThan(0)
  })
})

const happened = [
  'open',
  'closed',
  'told again',
  'leave-started',
  'file',
  'stopped event',
  'released batch',
  'discarded batch',
  'died over a batch',
  'suspension',
  'sanction',
  'released person',
  'release of one’s own refused',
  'renewed',
  'completed',
  'acknowledged',
  'contested',
  'paused',
  'active',
  'mail',
  'chain of hold',
  'chain of task',
  'door accepted',
  'door rejected',
  'card: hand over',
  'card: sign',
  'card: return',
  'card: lost',
  'card: copied',
  'somebody wipes',
  'somebody takes off',
  'somebody writes on',
  'let in',
  'kept out',
  'chain of badge',
]

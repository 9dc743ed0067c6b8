import type { SystemRow } from '../../schemas/rows.ts'
import type { TargetId } from '../../schemas/settings.ts'
import { type Engine, modeOf, rests } from './engine.ts'
import { inParallel } from './in-parallel.ts'

type Needed = Pick<Engine, 'settings' | 'targets' | 'systems' | 'lists' | 'log'>

const perPage = 100
/** Pages of one slice: 6,000 accounts take some six seconds of the sweeper's 55. */
const pagesOfSlice = 60

/**
 * Goes on with the walk that a change of mode has begun: every account of the target becomes due, so that it is looked at
 * under the new mode, whatever happened to it meanwhile. Where the walk stands is kept after each page; one that is broken
 * off goes on from there, and an account that is woken twice is looked at twice.
 *
 * @param at the instant at which they become due
 */
export async function continueWalk(engine: Needed, target: TargetId, at: string): Promise<void> {
  const row = await engine.systems.load(target)
  const resting = rests(modeOf(engine.settings, target, row))
  let walk: SystemRow['walk'] = resting ? null : (row?.walk ?? null)
  for (let page = 0; walk !== null && page < pagesOfSlice; page++) {
    const { items, next } = await engine.lists.accounts(target, walk.place, perPage)
    let { woken } = walk
    await inParallel(
      items,
      async account => {
        if (await engine.targets.wake(account, at)) woken += 1
      },
      32,
    )
    walk = { ...walk, woken, place: next }
    const moved = await engine.systems.moveWalk(target, walk)
    if (next === null && moved) engine.log('walked', { target, woken })
    if (next === null || !moved) return
  }
}

import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createBadgeStore } from '../../functions/stores/badges.ts'
import { createCredentialStore } from '../../functions/stores/credentials.ts'
import { createDueLaneStore } from '../../functions/stores/due-lanes.ts'
import { createGuardStore } from '../../functions/stores/guards.ts'
import { createKeyHolderStore } from '../../functions/stores/key-holders.ts'
import { createListStore } from '../../functions/stores/lists.ts'
import { createPeopleStore } from '../../functions/stores/people.ts'
import { createRequestStore } from '../../functions/stores/requests.ts'
import { createStoppedBatchStore } from '../../functions/stores/stopped-batches.ts'
import { createStoppedFactStore } from '../../functions/stores/stopped-facts.ts'
import { createSystemStore } from '../../functions/stores/systems.ts'
import type { Tables } from '../../functions/stores/tables.ts'
import { createTargetStore } from '../../functions/stores/targets.ts'
import { createTaskStore } from '../../functions/stores/tasks.ts'
import type { Credentials } from '../../functions/workflows/close-forgotten.ts'
import { convergeTarget } from '../../functions/workflows/converge-target.ts'
import type { Engine } from '../../functions/workflows/engine.ts'
import { tendCard } from '../../functions/workflows/tend-card.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { World } from '../servers/world.ts'

/** What stands for the process being gone: nothing after it has an effect. */
export class Killed extends Error {
  override readonly name = 'Killed'
}

/** The same engine in a process that dies at one moment of its life. */
export interface Mortal {
  readonly engine: Engine & Credentials
  /** For stores that are not the engine's. */
  readonly tables: Tables
  /** One run of a target's worker; the connector dies with the process, between two steps of a plan too. */
  converge(personIds: readonly string[], target: TargetId): Promise<void>
  readonly dead: () => boolean
}

/**
 * A worker that is killed at its `at`-th moment. Each call to the outside (the database, a queue, a target) has two of them:
 * just before, when nothing has happened, and just after, when it has happened and nobody will ever know. Each step inside
 * a target has one. What was already on its way when the worker died arrives all the same.
 */
export function mortal(world: World, at: number): Mortal {
  let moments = 0
  let dead = false
  const moment = () => {
    if (dead) throw new Killed()
    moments += 1
    if (moments === at) {
      dead = true
      throw new Killed()
    }
  }
  const outside =
    <In extends unknown[], Out>(call: (...input: In) => Promise<Out>) =>
    async (...input: In): Promise<Out> => {
      moment()
      const answer = await call(...input)
      moment()
      return answer
    }

  const real = world.tables.client
  const client = Object.create(real, {
    send: { value: outside(real.send.bind(real)) },
  }) as DynamoDBDocumentClient
  const tables = { ...world.tables, client }
  const engine: Engine & Credentials = {
    ...world.engine,
    people: createPeopleStore(tables),
    targets: createTargetStore(tables, world.engine.settings),
    tasks: createTaskStore(tables, world.engine.settings),
    systems: createSystemStore(tables, world.engine.settings),
    lanes: createDueLaneStore(tables),
    lists: createListStore(tables),
    guards: createGuardStore(tables),
    batches: createStoppedBatchStore(tables, world.engine.settings),
    stoppedFacts: createStoppedFactStore(tables),
    requests: createRequestStore(tables, world.engine.settings),
    keyHolders: createKeyHolderStore(tables),
    bells: {
      ...world.engine.bells,
      ring: outside(world.engine.bells.ring),
      ringReading: outside(world.engine.bells.ringReading),
      ringNotices: outside(world.engine.bells.ringNotices),
    },
    credentials: createCredentialStore(tables),
  }
  return {
    engine,
    tables,
    dead: () => dead,
    async converge(personIds, target) {
      const connector = world.connectors[target] ?? world.targets[target]
      const badges = createBadgeStore(tables, world.engine.settings)
      world.targets[target].beforeStep = moment
      try {
        const broken = await convergeTarget(
          {
            ...engine,
            target,
            units: { some: outside(world.unitRegister.some) },
            connector: {
              ...connector,
              observe: outside(connector.observe),
              apply: outside(connector.apply),
            },
            ...(target === 'data-centre' && { alongside: run => tendCard({ ...engine, badges }, run) }),
          },
          personIds,
          new Date(world.time.now).toISOString(),
        )
        for (const { bug } of broken) if (!(bug instanceof Killed)) throw bug
      } catch (error) {
        if (!(error instanceof Killed)) throw error
      } finally {
        world.targets[target].beforeStep = () => {}
      }
    },
  }
}

/**
 * Lives the same life again and again, killed at its first moment, its second, … until one life ends by itself.
 *
 * @returns how many deaths there were
 */
export async function killAtEachMoment(life: (at: number) => Promise<{ dead: boolean }>): Promise<number> {
  for (let at = 1; ; at++) if (!(await life(at)).dead) return at - 1
}

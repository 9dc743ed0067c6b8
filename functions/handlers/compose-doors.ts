import { randomBytes } from 'node:crypto'
import { getSecret } from '@aws-lambda-powertools/parameters/secrets'
import { SQSClient } from '@aws-sdk/client-sqs'
import { SiteSecrets } from '../../schemas/doors.ts'
import { createDeviceStore } from '../stores/devices.ts'
import { createDoorAlarmStore } from '../stores/door-alarms.ts'
import { createDoorUserStore } from '../stores/door-users.ts'
import { createDoorbells } from '../stores/doorbells.ts'
import { createMovementStore, secondsOf } from '../stores/movements.ts'
import { openTables } from '../stores/tables.ts'
import type { Log } from '../workflows/engine.ts'
import { holdToRate } from '../workflows/hold-to-rate.ts'
import type { Doors } from '../workflows/serve-device.ts'
import { takeDoorEvents } from '../workflows/take-door-events.ts'
import { environment, logger, settings } from './compose-settings.ts'

/** A changed secret reaches a warm function after at most this many seconds. */
const secretMaxAge = 300

/** This function was granted the table of the doors and no other: it has no name for them. */
const tables = openTables({ state: '', ledger: '', doors: environment('DOORS_TABLE') })

const none = { normal: '', urgent: '' }

/** It may ring for the doors, and for nobody else. */
const bells = createDoorbells(new SQSClient({}), {
  ...{ directory: none, mail: none, erp: none, notices: '' },
  'data-centre': {
    normal: environment('QUEUE_DATA_CENTRE'),
    urgent: environment('QUEUE_DATA_CENTRE_URGENT'),
  },
})

const target = settings.targets.find(({ kind }) => kind === 'security-push')
if (target?.kind !== 'security-push') throw new Error('no device comes by itself')
const { secret } = target

/** What cannot be read lets nobody in. */
async function sites(): Promise<SiteSecrets> {
  const text = await getSecret(secret, { maxAge: secretMaxAge })
  try {
    return SiteSecrets.parse(JSON.parse(String(text)))
  } catch {
    // Not the fault itself: it quotes what it could not read.
    logger.error('sites.unreadable')
    return { sites: [] }
  }
}

const alarms = createDoorAlarmStore(tables)
const log: Log = (code, fields) => logger.info(code, { ...fields })

export const doors: Doors = {
  settings,
  clock: () => Date.now(),
  log,
  users: createDoorUserStore(tables),
  devices: createDeviceStore(tables),
  alarms,
  events: takeDoorEvents({
    settings,
    movements: createMovementStore(tables, settings),
    alarms,
    secondsOf,
    log,
  }),
  bells,
  sites,
  // A device that catches up with a week sends hundreds of uploads one after the other, as fast as they are answered.
  mayCall: holdToRate({ burst: 500, perSecond: 100 }),
  secretWord: () => randomBytes(16).toString('hex'),
}

export const counter = { locale: settings.locale, logger }

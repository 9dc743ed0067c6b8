import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Duration, Stack, Validations } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { DoorsSettings, Settings } from '../../schemas/settings.ts'
import type { Alarms } from './alarms.ts'
import { DeviceDoor } from './device-door.ts'
import { DurableTable, dueAndListed } from './durable-table.ts'
import type { FrontDoor } from './front-door.ts'
import { AppFunction, type Workshop } from './function.ts'

/**
 * The room that few may enter: badges on the doors, whoever is escorted in, and what the doors report.
 *
 * If the table fails nobody new gets in and nobody's badge is taken off a door; devices go on deciding by what they hold,
 * and refuse a badge whose end they know.
 */
export class DataCentre extends Construct {
  readonly table: TableV2
  readonly functions: AppFunction[] = []
  /** The paths by which devices may come; undefined: the body has no devices that come by themselves. */
  sites: Secret | undefined

  constructor(scope: Construct, id: string, alarms: Alarms) {
    super(scope, id)
    this.table = new DurableTable(this, 'Doors', {
      ...dueAndListed(),
      // Movements that are over go by their time to live.
      timeToLive: 'forgetAt',
      alarms,
      failure: {
        means:
          'Badges are brought to the doors late, and what the doors report waits on the devices. Nothing is lost as long as a device has room for it; a badge whose end is known to the device ends there.',
        remedy:
          'Look for a device that sends without pause. If somebody must not get in, take their badge off the device at the door.',
      },
    }).table
  }

  /** Lets door controllers come, where the body has some that speak Security PUSH. */
  admitDevices(workshop: Workshop, { targets, dataCentre }: Settings): void {
    const target = targets.find(one => one.kind === 'security-push')
    if (target === undefined) return
    const door = new DeviceDoor(this, 'DeviceDoor', { alarms: workshop.alarms, domain: dataCentre.domain })
    this.sites = this.addSites(target)
    const serve = new AppFunction(this, 'ServeDoors', {
      name: 'serve-doors',
      workshop,
      description: 'Answers the door controllers: who may come in, and what the doors report.',
      memory: 1024,
      // A device gives up after as long.
      timeout: Duration.seconds(10),
      // A device gone wild starves nobody else, and nobody else starves the doors.
      reserved: 20,
      failure: {
        means:
          'Door controllers get no answer: badges are brought to the doors late, withdrawn ones open until the devices get through, and what the doors report waits on the devices. Badges whose end a device knows end there all the same.',
        remedy:
          'Read the log of serve-doors. If somebody must not get in, take their badge off the device at the door; the daily comparison sets the rest right.',
      },
    })
    this.functions.push(serve)
    for (const method of ['GET', 'POST']) door.route(`${method} /iclock/{site}/{call}`, serve, 'open')
  }

  private addSites(target: DoorsSettings): Secret {
    const secret = new Secret(this, 'Sites', {
      secretName: target.secret,
      description:
        'The paths by which door controllers may come, site by site: {"sites": [{"secret": "…", "serials": ["…"]}]}. Filled in by the operator; the placeholder lets no device in.',
      generateSecretString: { secretStringTemplate: '{"sites":[]}', generateStringKey: 'placeholder' },
    })
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason:
        'The path stands in every device of a site, where only somebody at the device can change it: a rotation from here would lock every door controller out until somebody has walked to it. Two sites may stand side by side while it is changed.',
    })
    return secret
  }

  /** Watching over what the doors report, and telling it to whoever may know. */
  watch(workshop: Workshop, door: FrontDoor): void {
    const watch = new AppFunction(this, 'WatchDoors', {
      name: 'watch-doors',
      workshop,
      description:
        'Every minute: finds devices that are silent and people who are inside and may not be, and tells security of new alarms.',
      memory: 512,
      timeout: Duration.minutes(1),
      reserved: 1,
      retries: 0,
      failure: {
        means:
          'Security is not told of new alarms of the doors, nor that a device is silent. Devices go on deciding, what they report is kept, and alarms stand in GET /door-alarms.',
        remedy: 'Read the log of watch-doors. Its next run tells whatever was not told, each alarm once.',
      },
    })
    new Rule(this, 'EveryMinute', {
      ruleName: `${Stack.of(this).stackName}-${watch.name}`,
      description: 'Looks after the doors of the data centre.',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(watch.lambda, { retryAttempts: 0 })],
    })

    const read = new AppFunction(this, 'ReadDoors', {
      name: 'read-doors',
      workshop,
      description:
        'Shows security and the authority how the devices stand, what they report and what alarms are open, and settles alarms.',
      // A month of a busy door is unpacked and sorted at once.
      memory: 1769,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'Security and the authority get an error instead of movements and alarms, and cannot settle one. What the doors report is kept, and new alarms are mailed all the same.',
        remedy: 'Find the correlation id in the log of read-doors; ask for fewer days or one door.',
      },
    })
    door.route('GET /doors', read)
    door.route('GET /door-alarms', read)
    door.route('POST /door-alarms/{id}/settlement', read)
    door.route('GET /movements', read)
    this.functions.push(watch, read)
  }

  /** Cards, their receipts, and who holds them. */
  keepBadges(workshop: Workshop, door: FrontDoor): void {
    const maintain = new AppFunction(this, 'MaintainBadges', {
      name: 'maintain-badges',
      workshop,
      description: 'Cards: handed over, signed for, reported lost, taken back; and who the key-holders are.',
      memory: 1024,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'A card that was just reported lost may still open, and nobody can sign for a new one. What the doors know goes on working.',
        remedy:
          'Report the lost card again, or take it off the device at the door. Then find the correlation id in the log of maintain-badges.',
      },
    })
    this.functions.push(maintain)
    for (const key of [
      'GET /key-holders',
      'GET /people/{nationalId}/badge',
      'PUT /people/{nationalId}/badge',
      'POST /me/badge/receipt',
      'POST /people/{nationalId}/badge/loss',
      'POST /people/{nationalId}/badge/return',
    ])
      door.route(key, maintain)
  }

  /**
   * The visit log. If it fails nobody is let in by it; who is inside has to be told from the log's last file and from whoever
   * is at the door.
   */
  openVisits(workshop: Workshop, door: FrontDoor): void {
    const attend = new AppFunction(this, 'AttendVisits', {
      name: 'attend-visits',
      workshop,
      description: 'Keeps the visit log of the data centre, and tells who is inside.',
      memory: 1024,
      timeout: Duration.seconds(15),
      failure: {
        means:
          'Visits to the data centre cannot be registered, and it cannot be asked who is inside. Nobody may be let in meanwhile but by the authority.',
        remedy:
          'Find the correlation id in the log of attend-visits and repeat the call; what was registered twice is one visit. In an evacuation count at the door.',
      },
    })
    for (const route of [
      'POST /visits',
      'GET /visits',
      'GET /visits/prohibitions',
      'POST /visits/{id}/entry',
      'POST /visits/{id}/exit',
      'POST /visits/{id}/correction',
      'POST /visits/{id}/approval',
      'GET /presence',
    ])
      door.route(route, attend)
    this.functions.push(attend)
  }
}

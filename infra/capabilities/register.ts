import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { CustomResource, Duration } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { Alarms } from './alarms.ts'
import { DurableTable, dueAndListed } from './durable-table.ts'
import type { FrontDoor } from './front-door.ts'
import { AppFunction, type Workshop } from './function.ts'

/**
 * Who works here, in which unit, under which contract, who signs for whom, and who may sign in as whom.
 *
 * If the table fails nobody can ask for anything and no target is worked on; accesses stay as they are, and those that
 * end today still end wherever a target holds the end itself.
 */
export class Register extends Construct {
  readonly table: TableV2
  readonly functions: AppFunction[] = []

  constructor(scope: Construct, id: string, alarms: Alarms) {
    super(scope, id)
    this.table = new DurableTable(this, 'State', {
      ...dueAndListed('urgent'),
      alarms,
      failure: {
        means:
          'Filing forms and looking people up is slow or refused, and targets follow late. Nothing is lost.',
        remedy:
          'Look for an import that is running and for one person or request that everything asks for; it resumes by itself.',
      },
    }).table
  }

  open(workshop: Workshop, door: FrontDoor): void {
    const readPeople = this.add('ReadPeople', {
      name: 'read-people',
      workshop,
      description: 'Shows a person, their contracts, grants and accounts to those entitled to see them.',
      memory: 1024,
      timeout: Duration.seconds(10),
      failure: {
        means:
          'Heads, help desk and the people themselves get an error instead of a person’s accesses. The accesses are not touched.',
        remedy: 'Find the correlation id in the log of read-people.',
      },
    })
    door.route('GET /people/{nationalId}', readPeople)
    door.route('GET /me', readPeople)

    const recordPeople = this.add('RecordPeople', {
      name: 'record-people',
      workshop,
      description: 'Takes the personnel register: each row becomes an HR event.',
      // A whole body in one file: thousands of rows are parsed and folded in one call.
      memory: 1769,
      timeout: Duration.seconds(29),
      failure: {
        means:
          'Human resources’ file was answered with an error. People newly hired may be missing from the register, so forms about them are observed. Sending the same file again is safe.',
        remedy: 'Find the correlation id in the log of record-people; send a large file in parts.',
      },
    })
    door.route('POST /people', recordPeople)

    const maintainUnits = this.add('MaintainUnits', {
      name: 'maintain-units',
      workshop,
      description: 'Keeps units, their heads and their deputies, one by one or from a list.',
      memory: 1024,
      // Thousands of units in one file are some hundred transactions.
      timeout: Duration.seconds(29),
      failure: {
        means:
          'A new head or deputy could not be recorded, so they cannot sign yet. Whoever signed before still can.',
        remedy: 'Find the correlation id in the log of maintain-units and repeat the change.',
      },
    })
    door.route('POST /units', maintainUnits)
    door.route('GET /units/{id}', maintainUnits)
    door.route('PUT /units/{id}', maintainUnits)
    door.route('POST /units/{id}/deputies', maintainUnits)
    door.route('DELETE /units/{id}/deputies/{nationalId}', maintainUnits)

    const linkIdentities = this.add('LinkIdentities', {
      name: 'link-identities',
      workshop,
      description: 'Links identities of the issuer to people of the register.',
      memory: 1024,
      timeout: Duration.seconds(10),
      failure: {
        means: 'People newly given a login cannot enter yet. Everybody else can.',
        remedy: 'Find the correlation id in the log of link-identities and repeat the link.',
      },
    })
    door.route('POST /identities', linkIdentities)

    const maintainRoles = this.add('MaintainRoles', {
      name: 'maintain-roles',
      workshop,
      description: 'Keeps who has which role, and the changes of roles that need two people.',
      memory: 1024,
      timeout: Duration.seconds(10),
      failure: {
        means:
          'A role could not be given or taken away: somebody new in it cannot act yet, and somebody who should have lost it may still act.',
        remedy:
          'Find the correlation id in the log of maintain-roles and repeat the change. If a role has to end now, suspend the person.',
      },
    })
    door.route('GET /roles', maintainRoles)
    door.route('PUT /roles', maintainRoles)
    door.route('POST /roles/changes/{id}/decision', maintainRoles)
  }

  /**
   * Loads the settings' `bootstrap`, once, into an empty register; in one that stands `rescue` fills a role that nobody is left in.
   * `settingsHash` makes a changed document run it again.
   */
  loadBootstrap(workshop: Workshop, settingsHash: string): void {
    const loader = this.add('LoadBootstrap', {
      name: 'load-bootstrap',
      workshop,
      description:
        'Enters the first people and roles into an empty register, as the ledger’s first entries; fills a role that nobody is left in.',
      memory: 512,
      timeout: Duration.minutes(1),
      retries: 0,
      failure: {
        means:
          'The installation did not finish: nobody holds a role yet, so nobody can enter. An installed body is not concerned.',
        remedy: 'Read the log of load-bootstrap, correct the settings’ bootstrap and deploy again.',
      },
    })
    new CustomResource(this, 'Bootstrap', {
      resourceType: 'Custom::Bootstrap',
      serviceToken: loader.lambda.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: { settingsHash },
    })
  }

  private add(id: string, props: ConstructorParameters<typeof AppFunction>[2]): AppFunction {
    const added = new AppFunction(this, id, props)
    this.functions.push(added)
    return added
  }
}

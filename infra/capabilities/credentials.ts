import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Duration, Validations } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { ServedTarget, Settings } from '../../schemas/settings.ts'
import type { FrontDoor } from './front-door.ts'
import { AppFunction, type Workshop } from './function.ts'
import type { Network } from './network.ts'
import { called, isEntered, roadTo } from './provisioning.ts'

/** Connections that people setting passwords may open to one target at once; what is more is told to try again. */
const atOnce = 10

export interface CredentialsProps {
  readonly settings: Settings
  readonly network: Network
}

/**
 * How people come to know the password of an account: they set it themselves, one function a system.
 *
 * If it fails nobody can set a first password or a new one here; passwords that were set go on working, and nobody loses
 * an access.
 */
export class Credentials extends Construct {
  readonly functions: AppFunction[] = []
  readonly key: Secret

  constructor(
    scope: Construct,
    id: string,
    workshop: Workshop,
    door: FrontDoor,
    { settings, network }: CredentialsProps,
  ) {
    super(scope, id)
    this.key = new Secret(this, 'Key', {
      secretName: settings.credentials.secret,
      description:
        'Key under which one-time codes are kept. Nobody needs to know it; a new one voids the open codes.',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    })
    Validations.of(this.key).acknowledge({
      id: 'AwsSolutions::AwsSolutions-SMG4',
      reason:
        'It opens nothing: under it lie the HMACs of codes that end by themselves after 72 hours and five tries. A rotation would only void codes that people hold in their hands.',
    })

    const issue = new AppFunction(this, 'IssueCodes', {
      name: 'issue-codes',
      workshop,
      description: 'Gives the help desk a one-time code for somebody.',
      memory: 1024,
      timeout: Duration.seconds(10),
      failure: {
        means:
          'The help desk cannot give out one-time codes: where the settings ask for them, nobody sets a new password. Passwords that were set go on working.',
        remedy: 'Find the correlation id in the log of issue-codes.',
      },
    })
    door.route('POST /people/{nationalId}/one-time-code', issue)
    this.functions.push(issue)
    for (const target of settings.targets)
      if (isEntered(target)) this.addSystem(workshop, door, network, target)
  }

  private addSystem(workshop: Workshop, door: FrontDoor, network: Network, target: ServedTarget): void {
    const part = new Construct(this, target.id)
    const set = new AppFunction(part, 'Set', {
      name: `set-credentials-${target.id}`,
      workshop,
      description: `Sets the password of the caller’s own account in ${called[target.id]}. It keeps nothing of it.`,
      // A mail password is hashed here, slowly on purpose.
      memory: 1769,
      timeout: Duration.seconds(29),
      reserved: atOnce,
      network: roadTo(network, part, target),
      failure: {
        means: `Nobody can set their password in ${called[target.id]} through here; whoever has one goes on working with it. What was under way is recorded as unknown, and the person sets it again.`,
        remedy: `Find the correlation id in the log of set-credentials-${target.id}; see whether converge-${target.id} reaches the same server.`,
      },
    })
    door.route(`POST /me/credentials/${target.id}`, set)
    this.functions.push(set)
  }
}

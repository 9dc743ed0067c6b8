import { Metric } from 'aws-cdk-lib/aws-cloudwatch'
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2'
import { type Conditions, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { Bundles } from '../bundle.ts'
import type { Alarms, Failure } from './alarms.ts'
import type { FunctionName } from './grants.ts'

/** What every capability builds its functions from. */
export interface Workshop {
  readonly bundles: Bundles
  readonly alarms: Alarms
}

export interface AppFunctionProps {
  readonly name: FunctionName
  readonly workshop: Workshop
  readonly description: string
  /** Megabytes. CPU comes with it: 1,769 MB is one core. */
  readonly memory: number
  readonly timeout: Duration
  /** Runs kept free for it, so that a rush elsewhere cannot starve it; also the most it may have at once. */
  readonly reserved?: number
  /** Asynchronous callers only: how often AWS tries again by itself. */
  readonly retries?: number
  readonly network?: {
    readonly vpc: IVpc
    readonly subnets: SubnetSelection
    readonly securityGroup: ISecurityGroup
  }
  readonly failure: Failure
}

/**
 * One Lambda function with a role, a log and alarms of its own. Its rights are not given here: `grantRights` gives them
 * all in one place, from the table in `grants.ts`.
 */
export class AppFunction extends Construct {
  readonly name: FunctionName
  readonly lambda: LambdaFunction
  readonly failure: Failure
  private readonly rights = new PolicyDocument()

  constructor(scope: Construct, id: string, props: AppFunctionProps) {
    super(scope, id)
    this.name = props.name
    this.failure = props.failure
    const log = new LogGroup(this, 'Log', {
      retention: RetentionDays.SIX_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [log.logGroupArn])
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      // Inside the role, not beside it: whatever waits for the function then also waits for its rights.
      inlinePolicies: { rights: this.rights },
    })
    if (props.network) this.joinNetwork(role)

    this.lambda = new LambdaFunction(this, 'Function', {
      // One stack is one body: its name keeps two bodies in one account apart.
      functionName: `${Stack.of(this).stackName}-${props.name}`,
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(props.workshop.bundles.directory(props.name)),
      memorySize: props.memory,
      timeout: props.timeout,
      reservedConcurrentExecutions: props.reserved,
      retryAttempts: props.retries,
      role,
      logGroup: log,
      vpc: props.network?.vpc,
      vpcSubnets: props.network?.subnets,
      securityGroups: props.network && [props.network.securityGroup],
      environment: {
        POWERTOOLS_SERVICE_NAME: props.name,
        POWERTOOLS_METRICS_NAMESPACE: 'Llavero',
        POWERTOOLS_LOG_LEVEL: 'INFO',
      },
    })

    props.workshop.alarms.watch(this, 'Errors', {
      metric: this.lambda.metricErrors({ period: Duration.minutes(5) }),
      threshold: 1,
      ...props.failure,
    })
    props.workshop.alarms.watch(this, 'Throttles', {
      metric: this.lambda.metricThrottles({ period: Duration.minutes(5) }),
      threshold: 1,
      periods: 3,
      means: `${props.name} was refused a place to run for a quarter of an hour. ${props.failure.means}`,
      remedy: "Compare the account's concurrency limit with what runs; ask AWS for a higher one.",
    })
  }

  allow(actions: readonly string[], resources: readonly string[], conditions?: Conditions): void {
    this.rights.addStatements(
      new PolicyStatement({
        actions: [...actions],
        resources: [...resources],
        ...(conditions && { conditions }),
      }),
    )
  }

  /** A metric that the function writes itself, through Powertools, which adds the dimension `service`. */
  metric(metricName: string, statistic: string, period: Duration): Metric {
    return new Metric({
      namespace: 'Llavero',
      metricName,
      statistic,
      period,
      dimensionsMap: { service: this.name },
    })
  }

  /**
   * Lambda makes the network interfaces with the function's own role. The code that runs gets none of it: requests made
   * with the function's credentials carry `lambda:SourceFunctionArn`, and those are denied.
   */
  private joinNetwork(role: Role): void {
    const actions = [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ]
    this.allow(actions, ['*'])
    this.rights.addStatements(
      PolicyStatement.fromJson({
        Effect: 'Deny',
        Action: actions,
        Resource: '*',
        Condition: { Null: { 'lambda:SourceFunctionArn': 'false' } },
      }),
    )
    Validations.of(role).acknowledge({
      id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
      reason:
        'The only wildcard: Lambda demands its six network-interface actions on *, because the interfaces do not exist yet. A Deny beside it takes them from the code that runs.',
    })
  }
}

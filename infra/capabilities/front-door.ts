import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import {
  HttpApi,
  type HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { CfnOutput, CfnParameter, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { Alarms } from './alarms.ts'
import { AppFunction, type Workshop } from './function.ts'

const nothingToTouch =
  'Open on purpose: a contract that integrators read before they have a token, and a sign of life without detail. The function behind both may touch nothing.'

/**
 * The one way in over HTTP, and the check of every token.
 *
 * If it fails nobody can file, read or look up anything. Targets go on being worked on, and accesses that end today end.
 */
export class FrontDoor extends Construct {
  readonly functions: AppFunction[] = []
  private readonly api: HttpApi
  private readonly authorizer: HttpJwtAuthorizer
  private readonly alarms: Alarms
  private readonly integrations = new Map<AppFunction, HttpLambdaIntegration>()

  constructor(scope: Construct, id: string, workshop: Workshop) {
    super(scope, id)
    this.alarms = workshop.alarms
    const issuer = new CfnParameter(this, 'IssuerUrl', {
      type: 'String',
      minLength: 1,
      description:
        'The OpenID issuer whose tokens are let in: a Cognito user pool (https://cognito-idp.<region>.amazonaws.com/<pool>), Entra, ClaveÚnica’s relay, …',
    })
    issuer.overrideLogicalId('IssuerUrl')
    const audience = new CfnParameter(this, 'Audience', {
      type: 'String',
      minLength: 1,
      description: 'The audience (client id) that a token must have been made for.',
    })
    audience.overrideLogicalId('Audience')

    this.authorizer = new HttpJwtAuthorizer('Issuer', issuer.valueAsString, {
      jwtAudience: [audience.valueAsString],
    })
    this.api = new HttpApi(this, 'Api', {
      apiName: 'llavero',
      description: 'Access requests, people, units and the ledger.',
      createDefaultStage: false,
      defaultAuthorizer: this.authorizer,
    })
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      // A body has some hundreds of people at their desks; a script gone wild is stopped before it costs anything.
      throttle: { rateLimit: 50, burstLimit: 100 },
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new LogGroup(this, 'AccessLog', {
            retention: RetentionDays.SIX_MONTHS,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
        // The route's pattern, never the path: national ids stand in paths. No caller's address either.
        format: AccessLogFormat.custom(
          JSON.stringify({
            requestId: '$context.requestId',
            at: '$context.requestTimeEpoch',
            route: '$context.routeKey',
            status: '$context.status',
            bytes: '$context.responseLength',
            milliseconds: '$context.responseLatency',
            integrationStatus: '$context.integrationStatus',
            error: '$context.error.responseType',
          }),
        ),
      },
    })
    new CfnOutput(this, 'Url', {
      value: stage.url,
      description: 'Where the contract (openapi.json) is served.',
    })

    const describe = new AppFunction(this, 'DescribeApi', {
      name: 'describe-api',
      workshop,
      description: 'The contract and the sign of life.',
      memory: 512,
      timeout: Duration.seconds(10),
      failure: {
        means:
          'Outside monitoring believes that the service is down, and integrators cannot read the contract. Nothing else is concerned.',
        remedy: 'Read the log of describe-api.',
      },
    })
    this.functions.push(describe)
    this.route('GET /openapi.json', describe, 'open')
    this.route('GET /health', describe, 'open')

    workshop.alarms.watch(this, 'ServerErrors', {
      metric: this.api.metricServerError({ period: Duration.minutes(5), statistic: 'Sum' }),
      threshold: 5,
      means: 'Several people got an error page in the last five minutes, whatever they were doing.',
      remedy: 'The access log (route and status) says which function; its own alarm says what it means.',
    })
  }

  /**
   * `key` is method and pattern (`GET /people/{nationalId}`). Everything is behind the token check unless said to be open, and
   * `why` there is nothing to fear.
   */
  route(key: string, to: AppFunction, entry: 'token' | 'open' = 'token', why = nothingToTouch): void {
    const [method = '', path = ''] = key.split(' ')
    let integration = this.integrations.get(to)
    if (!integration) {
      // One permission a function, whatever its routes: a stack has room for five hundred resources.
      integration = new HttpLambdaIntegration(to.node.id, to.lambda, { scopePermissionToRoute: false })
      this.integrations.set(to, integration)
      // Lambda's own count of errors misses these: a fault is answered with a 500, and the function goes on.
      this.alarms.watch(to, 'Faults', {
        metric: to.metric('InternalFaults', 'Sum', Duration.minutes(5)),
        threshold: 1,
        ...to.failure,
      })
    }
    const routes = this.api.addRoutes({
      path,
      methods: [method as HttpMethod],
      integration,
      ...(entry === 'open' && { authorizer: new HttpNoneAuthorizer() }),
    })
    if (entry === 'open')
      for (const each of routes)
        Validations.of(each).acknowledge({
          id: 'AwsSolutions::AwsSolutions-APIG4',
          reason: why,
        })
  }
}

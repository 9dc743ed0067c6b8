import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import {
  HttpApi,
  type HttpApiProps,
  type HttpMethod,
  HttpNoneAuthorizer,
  HttpStage,
  type IDomainName,
  LogGroupLogDestination,
  type ThrottleSettings,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'
import type { Alarms } from './alarms.ts'
import type { AppFunction } from './function.ts'

export interface EntranceProps {
  readonly alarms: Alarms
  readonly api: Omit<HttpApiProps, 'createDefaultStage'>
  /** Requests a second over all routes: API Gateway knows no throttle by path or by caller. */
  readonly throttle: ThrottleSettings
  /** Makes a name of its own, by which it is entered too. */
  readonly domain?: (scope: Construct) => IDomainName
  /** Why a route may be open, for whoever reviews the synthesis. */
  readonly openBecause: string
}

/** An HTTP API with one stage, and a log that tells routes and never paths. */
export abstract class Entrance extends Construct {
  protected readonly api: HttpApi
  protected readonly stage: HttpStage
  protected readonly domain: IDomainName | undefined
  private readonly alarms: Alarms
  private readonly openBecause: string
  private readonly integrations = new Map<AppFunction, HttpLambdaIntegration>()

  constructor(scope: Construct, id: string, props: EntranceProps) {
    super(scope, id)
    this.alarms = props.alarms
    this.openBecause = props.openBecause
    this.api = new HttpApi(this, 'Api', { ...props.api, createDefaultStage: false })
    this.domain = props.domain?.(this)
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: props.throttle,
      ...(this.domain && { domainMapping: { domainName: this.domain } }),
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new LogGroup(this, 'AccessLog', {
            retention: RetentionDays.SIX_MONTHS,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
        // The route's pattern, never the path: national ids and sites' secrets stand in paths. No caller's address either.
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
  }

  /** `key` is method and pattern (`GET /people/{nationalId}`). Everything is behind the token check unless said to be open. */
  route(key: string, to: AppFunction, entry: 'token' | 'open' = 'token'): void {
    const [method = '', path = ''] = key.split(' ')
    const routes = this.api.addRoutes({
      path,
      methods: [method as HttpMethod],
      integration: this.integrationOf(to),
      ...(entry === 'open' && { authorizer: new HttpNoneAuthorizer() }),
    })
    if (entry === 'open')
      for (const each of routes)
        Validations.of(each).acknowledge({
          id: 'AwsSolutions::AwsSolutions-APIG4',
          reason: this.openBecause,
        })
  }

  private integrationOf(to: AppFunction): HttpLambdaIntegration {
    const known = this.integrations.get(to)
    if (known) return known
    // One permission a function, whatever its routes: a stack has room for five hundred resources.
    const integration = new HttpLambdaIntegration(to.node.id, to.lambda, { scopePermissionToRoute: false })
    this.integrations.set(to, integration)
    // Lambda's own count of errors misses these: a fault is answered with a 500, and the function goes on.
    this.alarms.watch(to, 'Faults', {
      metric: to.metric('InternalFaults', 'Sum', Duration.minutes(5)),
      threshold: 1,
      ...to.failure,
    })
    return integration
  }
}

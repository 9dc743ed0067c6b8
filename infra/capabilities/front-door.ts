import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { CfnOutput, CfnParameter, Duration } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { Entrance } from './entrance.ts'
import { AppFunction, type Workshop } from './function.ts'

/**
 * The one way in for people, over HTTP, and the check of every token.
 *
 * If it fails nobody can file, read or look up anything. Targets go on being worked on, and accesses that end today end.
 */
export class FrontDoor extends Entrance {
  readonly functions: AppFunction[] = []

  constructor(scope: Construct, id: string, workshop: Workshop) {
    const parameter = (name: string, description: string) =>
      new CfnParameter(scope, name, { type: 'String', minLength: 1, description }).valueAsString
    const issuer = parameter(
      'IssuerUrl',
      'The OpenID issuer whose tokens are let in: a Cognito user pool (https://cognito-idp.<region>.amazonaws.com/<pool>), Entra, ClaveÚnica’s relay, …',
    )
    const audience = parameter('Audience', 'The audience (client id) that a token must have been made for.')
    super(scope, id, {
      alarms: workshop.alarms,
      api: {
        apiName: 'llavero',
        description: 'Access requests, people, units and the ledger.',
        defaultAuthorizer: new HttpJwtAuthorizer('Issuer', issuer, { jwtAudience: [audience] }),
      },
      // A body has some hundreds of people at their desks; a script gone wild is stopped before it costs anything.
      throttle: { rateLimit: 50, burstLimit: 100 },
      openBecause:
        'Open on purpose: a contract that integrators read before they have a token, and a sign of life without detail. The function behind both may touch nothing.',
    })
    new CfnOutput(this, 'Url', {
      value: this.stage.url,
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
}

import { DomainName, SecurityPolicy } from 'aws-cdk-lib/aws-apigatewayv2'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { CfnOutput, Duration } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import type { Settings } from '../../schemas/settings.ts'
import type { Alarms } from './alarms.ts'
import { Entrance } from './entrance.ts'

type Domain = NonNullable<Settings['dataCentre']['domain']>

/**
 * The way in for door controllers: an API of its own, so that devices that send without pause never stand in the way of
 * people, and so that, with a domain, nobody comes in without a certificate (mutual TLS) while people go on without one.
 *
 * If it fails badges are brought to the doors late and what the doors report waits on the devices, which go on deciding by
 * what they hold.
 */
export class DeviceDoor extends Entrance {
  constructor(
    scope: Construct,
    id: string,
    props: { readonly alarms: Alarms; readonly domain: Domain | undefined },
  ) {
    const { alarms, domain } = props
    super(scope, id, {
      alarms,
      api: {
        apiName: 'llavero-doors',
        description: 'Door controllers: what they fetch and what they report.',
        // Beside a domain that asks for certificates, the address that AWS gives every API would ask for none.
        ...(domain && { disableExecuteApiEndpoint: true }),
      },
      // Two hundred devices that ask every two seconds, and as much again of answers and events, three times over.
      throttle: { rateLimit: 300, burstLimit: 600 },
      ...(domain && { domain: (own: Construct) => domainOf(own, domain) }),
      openBecause:
        'Open to devices that can hold no token: they are known by the secret of their site in the path and by their serial number, and where the body gives a domain by a certificate that API Gateway asks for before anything else. The function behind it sees the rows of badges only.',
    })
    new CfnOutput(this, 'Address', {
      value: this.domain?.regionalDomainName ?? this.stage.url,
      description: domain
        ? `Where ${domain.name} has to point in the body's DNS (CNAME): what relays of door controllers call.`
        : 'What relays of door controllers call. Anybody may knock: settings.dataCentre.domain asks for certificates.',
    })
    alarms.watch(this, 'DeviceErrors', {
      metric: this.api.metricServerError({ period: Duration.minutes(5), statistic: 'Sum' }),
      threshold: 20,
      means:
        'Door controllers got errors for five minutes: badges are brought to the doors late and events wait on the devices. Devices decide by what they hold and send again by themselves.',
      remedy:
        'The access log of the devices’ API (route and status) says what failed. If somebody must not get in, take their badge off the device at the door.',
    })
  }
}

function domainOf(scope: Construct, domain: Domain): DomainName {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(domain.truststore) ?? []
  return new DomainName(scope, 'Domain', {
    domainName: domain.name,
    certificate: Certificate.fromCertificateArn(scope, 'Certificate', domain.certificateArn),
    securityPolicy: SecurityPolicy.TLS_1_2,
    mtls: {
      bucket: Bucket.fromBucketName(scope, 'Truststore', bucket),
      key,
      ...(domain.truststoreVersion !== undefined && { version: domain.truststoreVersion }),
    },
  })
}

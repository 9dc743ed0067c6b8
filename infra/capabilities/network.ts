import {
  CfnCustomerGateway,
  CfnVPNConnection,
  CfnVPNConnectionRoute,
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { CfnCondition, CfnParameter, Fn, RemovalPolicy } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'

/**
 * The way to the body's own building: a network without any road to the internet, and a site-to-site VPN out of it.
 *
 * If it fails no target is reached: forms are decided and filed as always, and their lines wait in progress until the
 * road is open again. Ends that are armed in the targets still come true.
 */
export class Network extends Construct {
  readonly vpc: Vpc
  readonly subnets: SubnetSelection = { subnetType: SubnetType.PRIVATE_ISOLATED }
  private readonly siteNetwork: string
  private readonly endpoints: SecurityGroup

  constructor(scope: Construct, id: string) {
    super(scope, id)
    const siteNetwork = new CfnParameter(this, 'SiteNetwork', {
      type: 'String',
      default: '192.168.0.0/16',
      description: 'CIDR of the servers in the body’s own building. It must not overlap 10.87.0.0/24.',
    })
    siteNetwork.overrideLogicalId('SiteNetwork')
    this.siteNetwork = siteNetwork.valueAsString

    this.vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.87.0.0/24'),
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'workers', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 26 }],
      vpnGateway: true,
      vpnRoutePropagation: [this.subnets],
      // Its default group is closed by nobody using it: every function brings its own.
      restrictDefaultSecurityGroup: false,
      flowLogs: {
        refused: {
          destination: FlowLogDestination.toCloudWatchLogs(
            new LogGroup(this, 'FlowLog', {
              retention: RetentionDays.SIX_MONTHS,
              removalPolicy: RemovalPolicy.DESTROY,
            }),
          ),
          trafficType: FlowLogTrafficType.ALL,
        },
      },
    })

    // Without NAT the workers reach AWS through these and nothing else. Lambda ships their logs outside the network.
    this.vpc.addGatewayEndpoint('Tables', {
      service: GatewayVpcEndpointAwsService.DYNAMODB,
      subnets: [this.subnets],
    })
    this.endpoints = new SecurityGroup(this, 'Endpoints', {
      vpc: this.vpc,
      description: 'Doors to SQS and Secrets Manager',
      allowAllOutbound: false,
    })
    for (const [name, service] of [
      ['Queues', InterfaceVpcEndpointAwsService.SQS],
      ['Secrets', InterfaceVpcEndpointAwsService.SECRETS_MANAGER],
    ] as const)
      this.vpc.addInterfaceEndpoint(name, {
        service,
        subnets: this.subnets,
        securityGroups: [this.endpoints],
        open: false,
      })

    this.connectSite()
  }

  /** A worker's own group: it reaches AWS's endpoints, and in the body's building one port. */
  admit(scope: Construct, id: string, port: number, what: string): SecurityGroup {
    const group = new SecurityGroup(scope, id, {
      vpc: this.vpc,
      description: `Worker of ${what}`,
      allowAllOutbound: false,
    })
    group.addEgressRule(Peer.ipv4(this.siteNetwork), Port.tcp(port), what)
    group.addEgressRule(this.endpoints, Port.HTTPS, 'SQS and Secrets Manager')
    // DynamoDB’s gateway keeps public addresses; there is no other road out of these subnets that HTTPS could take.
    group.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'DynamoDB through its gateway endpoint')
    this.endpoints.addIngressRule(group, Port.HTTPS, what)
    return group
  }

  /** The tunnel exists once the body has said where its own end is; before that the gateway stands and waits. */
  private connectSite(): void {
    const address = new CfnParameter(this, 'SiteGatewayAddress', {
      type: 'String',
      default: '',
      description:
        'Public IPv4 address of the body’s VPN device. Empty: no tunnel yet (or another way in, see docs/adr/0017).',
    })
    address.overrideLogicalId('SiteGatewayAddress')
    const known = new CfnCondition(this, 'SiteGatewayKnown', {
      expression: Fn.conditionNot(Fn.conditionEquals(address.valueAsString, '')),
    })
    const device = new CfnCustomerGateway(this, 'SiteGateway', {
      type: 'ipsec.1',
      ipAddress: address.valueAsString,
      bgpAsn: 65000,
    })
    const tunnel = new CfnVPNConnection(this, 'SiteTunnel', {
      type: 'ipsec.1',
      customerGatewayId: device.ref,
      vpnGatewayId: this.vpc.vpnGatewayId,
      staticRoutesOnly: true,
    })
    const route = new CfnVPNConnectionRoute(this, 'SiteRoute', {
      destinationCidrBlock: this.siteNetwork,
      vpnConnectionId: tunnel.ref,
    })
    for (const part of [device, tunnel, route]) part.cfnOptions.condition = known
  }
}

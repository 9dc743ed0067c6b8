/** What the laptop plays, by type: the properties it honours, separated by spaces; `*` = handed on as they are. */
export const PROPERTIES: Record<string, string> = {
  'AWS::ApiGatewayV2::Api': 'ProtocolType',
  'AWS::ApiGatewayV2::Authorizer': 'ApiId AuthorizerType IdentitySource JwtConfiguration',
  'AWS::ApiGatewayV2::Integration': 'ApiId IntegrationType IntegrationUri PayloadFormatVersion',
  'AWS::ApiGatewayV2::Route': 'ApiId AuthorizationType AuthorizerId RouteKey Target',
  'AWS::ApiGatewayV2::Stage': 'AccessLogSettings ApiId AutoDeploy StageName',
  'AWS::DynamoDB::GlobalTable': 'AttributeDefinitions GlobalSecondaryIndexes KeySchema Replicas',
  'AWS::Events::EventBus': 'Name',
  'AWS::Events::Rule': 'EventBusName EventPattern Name ScheduleExpression State Targets',
  'AWS::IAM::Policy': 'PolicyDocument Roles',
  'AWS::IAM::Role': 'AssumeRolePolicyDocument Policies',
  'AWS::Lambda::EventInvokeConfig': 'FunctionName MaximumRetryAttempts Qualifier',
  'AWS::Lambda::EventSourceMapping':
    'BatchSize EventSourceArn FunctionName FunctionResponseTypes ScalingConfig',
  'AWS::Lambda::Function':
    'Code Environment FunctionName Handler MemorySize ReservedConcurrentExecutions Role Runtime Timeout',
  'AWS::Lambda::Permission': 'Action FunctionName Principal SourceArn',
  'AWS::SQS::Queue': 'RedrivePolicy VisibilityTimeout',
  'AWS::SQS::QueuePolicy': 'PolicyDocument Queues',
  'AWS::SecretsManager::Secret': 'Name',
  'Custom::Bootstrap': '*',
}

const WORDS = 'a text for people'
/** Properties that may be there and change nothing here, each with its reason. */
export const INERT_PROPERTIES: Record<string, Record<string, string>> = {
  'AWS::ApiGatewayV2::Api': {
    Description: WORDS,
    DisableExecuteApiEndpoint: 'all APIs have one address here, and nobody but this machine reaches it',
    Name: WORDS,
  },
  'AWS::ApiGatewayV2::Authorizer': { Name: WORDS },
  'AWS::ApiGatewayV2::Stage': { DefaultRouteSettings: 'one machine queues where AWS refuses' },
  'AWS::DynamoDB::GlobalTable': {
    BillingMode: 'nothing is billed; units are counted',
    SSESpecification: 'the disk of a laptop is not encrypted here',
    TimeToLiveSpecification: 'AWS takes up to two days for it: whoever reads looks at the time by himself',
  },
  'AWS::Events::EventBus': { Description: WORDS },
  'AWS::Events::Rule': { Description: WORDS },
  'AWS::IAM::Policy': { PolicyName: WORDS },
  'AWS::IAM::Role': { Tags: WORDS },
  'AWS::Lambda::Function': {
    Architectures: 'the laptop has the one it has',
    Description: WORDS,
    LoggingConfig: 'all logs go to one file under the data directory',
    VpcConfig: 'everything is on loopback',
  },
  'AWS::SQS::Queue': {
    MessageRetentionPeriod: 'messages live in memory and die with the process; the sweeper rings again',
    SqsManagedSseEnabled: 'messages never reach a disk',
  },
  'AWS::SecretsManager::Secret': {
    Description: WORDS,
    GenerateSecretString: 'the placeholder is filled in at once, as an operator would',
  },
}

/** Types that may be there and do nothing here: the beginning of their names, and the reason. */
const INERT: [string, string][] = [
  ['AWS::ApiGatewayV2::ApiMapping', 'loopback has no names: every API answers at the one address'],
  [
    'AWS::ApiGatewayV2::DomainName',
    'no certificate is asked for on loopback: test/servers/door-relay.test.ts does',
  ],
  ['AWS::CDK::Metadata', 'statistics of the CDK'],
  ['AWS::CloudWatch::', 'nobody watches a laptop: alarms and dashboards are tested as text'],
  ['AWS::Events::Archive', 'nothing is played again here: what failed is in the function log'],
  ['AWS::Events::EventBusPolicy', 'whoever may call loopback may put an event'],
  ['AWS::EC2::', 'there is no network between the functions and the targets: both are on loopback'],
  ['AWS::KMS::', 'nothing is encrypted at rest on the laptop; permissions on keys are not asked for'],
  ['AWS::Logs::', 'logs go to files under the data directory and are kept until they are deleted'],
  ['AWS::SES::', 'nobody proves a domain here: mails are kept under GET /local/mail'],
  ['AWS::SNS::', 'alarms have no subscribers here'],
]

export const inertReason = (type: string): string | undefined =>
  INERT.find(([prefix]) => type.startsWith(prefix))?.[1]

import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key } from 'aws-cdk-lib/aws-kms'
import { CfnSubscription, Topic } from 'aws-cdk-lib/aws-sns'
import { CfnCondition, CfnParameter, Fn, RemovalPolicy } from 'aws-cdk-lib/core'
import { Construct } from 'constructs'

/** What a failure means to the people who use this, and what whoever is woken by it should do. Never optional. */
export interface Failure {
  /** In a user's words: who cannot do what, and what is still safe. */
  readonly means: string
  readonly remedy: string
}

export interface Watch extends Failure {
  readonly metric: IMetric
  /** The alarm goes off at this value and above. */
  readonly threshold: number
  /** Periods in a row; default 1. */
  readonly periods?: number
  /** What silence says: by default that all is well; `breaching` where a metric must always be there. */
  readonly silence?: 'fine' | 'breaching'
}

/**
 * The alarms of one body and the people who hear them.
 * If this fails nobody is told that something else failed: people's accesses are not touched by it.
 */
export class Alarms extends Construct {
  readonly topic: Topic

  constructor(scope: Construct, id: string) {
    super(scope, id)
    const email = new CfnParameter(this, 'AlarmEmail', {
      type: 'String',
      default: '',
      description:
        'Where alarms are mailed (the help desk). Empty: nobody by mail; subscribe to the topic by other means.',
    })
    email.overrideLogicalId('AlarmEmail')

    const key = new Key(this, 'Key', {
      description: 'Encrypts the alarms on their way to the help desk.',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    key.grantEncryptDecrypt(new ServicePrincipal('cloudwatch.amazonaws.com'))
    this.topic = new Topic(this, 'Topic', {
      displayName: 'Llavero',
      masterKey: key,
      enforceSSL: true,
    })

    const mailed = new CfnCondition(this, 'Mailed', {
      expression: Fn.conditionNot(Fn.conditionEquals(email.valueAsString, '')),
    })
    const subscription = new CfnSubscription(this, 'Email', {
      protocol: 'email',
      endpoint: email.valueAsString,
      topicArn: this.topic.topicArn,
    })
    subscription.cfnOptions.condition = mailed
  }

  watch(scope: Construct, id: string, watch: Watch): Alarm {
    const alarm = new Alarm(scope, id, {
      metric: watch.metric,
      threshold: watch.threshold,
      evaluationPeriods: watch.periods ?? 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData:
        watch.silence === 'breaching' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: `What it means: ${watch.means} What to do: ${watch.remedy}`,
    })
    const told = new SnsAction(this.topic)
    alarm.addAlarmAction(told)
    alarm.addOkAction(told)
    return alarm
  }
}

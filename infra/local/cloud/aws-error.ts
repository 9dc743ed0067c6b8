const NAMESPACES: Record<string, string> = {
  ValidationException: 'com.amazon.coral.validate',
  SerializationException: 'com.amazon.coral.service',
  AccessDeniedException: 'com.amazon.coral.service',
  UnknownOperationException: 'com.amazon.coral.service',
  InternalServerError: 'com.amazon.coral.service',
}

/** An error as an AWS API answers it: `__type`, a message and whatever else the type carries. */
export class AwsError extends Error {
  override readonly name: string
  readonly status: number
  readonly detail: object

  constructor(name: string, message: string, detail: object = {}, status = 400) {
    super(message)
    this.name = name
    this.status = status
    this.detail = detail
  }

  get body(): object {
    const space = NAMESPACES[this.name] ?? 'com.amazonaws.dynamodb.v20120810'
    return { __type: `${space}#${this.name}`, message: this.message, Message: this.message, ...this.detail }
  }
}

/** The laptop's cloud was asked for something it does not play: not AWS's answer but this copy's limit. */
export class NotHonoured extends AwsError {
  constructor(what: string) {
    super('UnknownOperationException', `the laptop's cloud does not honour ${what}`)
  }
}

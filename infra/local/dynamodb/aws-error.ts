/** An error as an AWS API answers it: `__type`, a message and whatever else the type carries. */
export class AwsError extends Error {
  override readonly name: string
  readonly detail: object
  readonly status: number

  constructor(name: string, message: string, detail: object = {}, status = 400) {
    super(message)
    this.name = name
    this.detail = detail
    this.status = status
  }

  get body(): object {
    return {
      __type: `com.amazonaws#${this.name}`,
      message: this.message,
      Message: this.message,
      ...this.detail,
    }
  }
}

/** The laptop's cloud was asked for something that it does not play: not AWS's answer but this copy's limit. */
export class NotHonoured extends AwsError {
  constructor(what: string) {
    super('UnknownOperationException', `the laptop's cloud does not honour ${what}`)
  }
}

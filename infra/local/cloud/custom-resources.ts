import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Functions } from './functions.ts'
import type { Stack } from './template.ts'

interface Deployed {
  properties: Record<string, unknown>
  physicalId: string
}
interface Answer {
  Status: string
  Reason?: string
  PhysicalResourceId?: string
}

/**
 * Creates each custom resource, or updates it when its properties are not those in `file`. Its function answers to a
 * URL, as with CloudFormation; anything but SUCCESS stops the start.
 */
export const deployCustomResources = async (stack: Stack, invoke: Functions['invoke'], file: string) => {
  const known: Record<string, Deployed | undefined> = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : {}
  for (const { id, type, properties } of stack.of('Custom::Bootstrap')) {
    const old = known[id]
    if (JSON.stringify(old?.properties) === JSON.stringify(properties)) continue
    const name = stack.nameOf(String(properties.ServiceToken))
    let answer: Answer = { Status: 'nothing' }
    const listener = createServer(async (request, response) => {
      answer = JSON.parse(Buffer.concat(await request.toArray()).toString())
      response.end()
    })
    await new Promise<void>(done => listener.listen(0, '127.0.0.1', done))
    try {
      await invoke(name, {
        RequestType: old ? 'Update' : 'Create',
        ResponseURL: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`,
        ...{
          RequestId: crypto.randomUUID(),
          StackId: stack.arn(id),
          LogicalResourceId: id,
          ResourceType: type,
        },
        ...(old && { PhysicalResourceId: old.physicalId, OldResourceProperties: old.properties }),
        ResourceProperties: properties,
      })
    } finally {
      listener.close()
    }
    if (answer.Status !== 'SUCCESS')
      throw new Error(`${id}: ${name} answered ${answer.Status}: ${answer.Reason}`)
    known[id] = { properties, physicalId: answer.PhysicalResourceId ?? id }
    writeFileSync(file, JSON.stringify(known))
  }
}

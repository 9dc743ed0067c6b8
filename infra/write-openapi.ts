import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openApiDocument } from './openapi.ts'

/** Writes the contract where `describe-api` takes it from. `test/infra/openapi.test.ts` fails while it is not current. */
const file = fileURLToPath(new URL('../schemas/openapi.json', import.meta.url))
writeFileSync(file, `${JSON.stringify(openApiDocument(), null, 2)}\n`)

import { readFileSync } from 'node:fs'
import { Logger } from '@aws-lambda-powertools/logger'
import { Settings } from '../../schemas/settings.ts'

/** One variable of the function's environment. Missing is a fault of the deployment, and stops the function at its start. */
export function environment(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`the environment lacks ${name}`)
  return value
}

/** The body's settings lie beside the bundle, validated when it was made and again here. */
export const settings: Settings = Settings.parse(
  JSON.parse(readFileSync(new URL('./settings.json', import.meta.url), 'utf8')),
)

export const logger = new Logger()

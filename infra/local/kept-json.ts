import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

// biome-ignore lint/suspicious/noExplicitAny: the files are this program's own
export const keptJson = (file: string): any =>
  existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined

/** Whole or not at all: a killed process leaves no half of it. */
export function keepJson(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, JSON.stringify(value), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

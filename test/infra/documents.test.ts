import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { synthesizeSample } from './synthesized.ts'

const read = (path: string) => readFileSync(path, 'utf8')
const pages = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.md'))
    .map(path => join('docs', path)),
]

describe('the documents', () => {
  it.each(pages)('have no link in %s that leads nowhere', page => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    const local = links.filter(link => !/^(https?:|#)/.test(link))
    expect(local.filter(link => !existsSync(join(dirname(page), link.replace(/#.*/, ''))))).toEqual([])
  })

  it('give the two commands literally', () => {
    const readme = read('README.md')
    expect(readme).toContain('\nnpm ci && npm start\n')
    expect(readme).toContain('\nnpm ci && npm test\n')
  })

  it('list every decision', () => {
    const index = read('docs/adr/README.md')
    for (const file of readdirSync('docs/adr').filter(file => /^\d{4}-/.test(file)))
      expect(index).toContain(`(${file})`)
  })

  it('have a runbook for every alarm, and none for an alarm that is not there', async () => {
    const { template } = await synthesizeSample()
    const alarms = Object.entries(template.Resources)
      .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
      .map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))
    const rows = read('docs/runbooks/README.md')
      .split('\n')
      .filter(line => /^\| `/.test(line))
    const kinds = rows.flatMap(row =>
      [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, kind = '']) => kind),
    )
    // The longest name that fits: ServerErrors is not one of the functions' Errors.
    const kindOf = (alarm: string) =>
      kinds.filter(kind => alarm.endsWith(kind)).sort((one, other) => other.length - one.length)[0]
    expect(alarms.filter(alarm => kindOf(alarm) === undefined)).toEqual([])
    expect(kinds.filter(kind => !alarms.some(alarm => kindOf(alarm) === kind))).toEqual([])
  })
})

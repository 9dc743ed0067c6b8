import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface Package {
  readonly optionalDependencies?: Record<string, string>
}
const lock: { packages: Record<string, Package> } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const manifest: {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  scripts: Record<string, string>
} = JSON.parse(readFileSync('package.json', 'utf8'))

/** Whether the lock has `name` where a package at `path` would find it: beside it, or in any folder above. */
function found(path: string, name: string): boolean {
  for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    if (`${base}${base === '' ? '' : '/'}node_modules/${name}` in lock.packages) return true
    if (base === '') return false
  }
}

describe('what a clean clone installs', () => {
  // npm leaves a platform's package out of the lock when the registry that wrote it had no copy of it, and then `npm ci`
  // refuses the lock everywhere. Such an entry is written by hand: version, os, cpu, libc, `"optional": true`.
  it('names in the lock every package for every platform', () => {
    const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(name => !found(path, name)),
    )
    expect(missing).toEqual([])
  })

  it('takes exact versions only', () => {
    const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    )
    expect(loose).toEqual([])
  })

  it('asks for the right Node before every script that needs it', () => {
    const needing = ['start', 'test', 'submit', 'bench', 'synth', 'check:static']
    for (const script of needing)
      expect(manifest.scripts[`pre${script}`], script).toBe('node infra/require-node.mjs')
  })

  it('says in one sentence what is missing when Node is too old, and stops', () => {
    const old = `Object.defineProperty(process.versions, 'node', { value: '20.20.2' }); await import('./infra/require-node.mjs')`
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', old], {
      encoding: 'utf8',
    })
    expect(status).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(/needs Node 24.*Node 20\.20\.2.*npm ci --ignore-scripts=false/)
  })
})

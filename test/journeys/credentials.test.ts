import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client as Ldap } from 'ldapts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SamplePerson } from '../../infra/local/sample/body.ts'
import { type Laptop, startLaptop } from '../servers/laptop.ts'
import { account, activation, file, form, inRole, staff } from './personas.ts'

let laptop: Laptop
beforeAll(async () => {
  laptop = await startLaptop()
})
afterAll(() => laptop.discard())

const password = 'Copihue-73-tren-al-sur'
const set = (person: SamplePerson, system: string, body: object) =>
  laptop.as(person.nationalId, 'POST', `/me/credentials/${system}`, body)

/** Signs in to the directory as the person themselves. Null: it lets them in; else what it says. */
async function signIn(person: SamplePerson, secret: string): Promise<string | null> {
  const { url = '', ca = '' } = laptop.organisation.targets.find(({ id }) => id === 'directory') ?? {}
  const { name } = await account(laptop, person, 'directory')
  const ldap = new Ldap({ url, tlsOptions: { ca: readFileSync(ca) } })
  try {
    await ldap.bind(`${name}@valleclaro.example`, secret)
    return null
  } catch (error) {
    return (error as Error).message
  } finally {
    await ldap.unbind()
  }
}

describe('a password that the person sets', () => {
  it('opens the directory, with nothing before it and nothing but it after', async () => {
    const person = staff(laptop.organisation, 'planta')
    expect(await signIn(person, password)).toContain('52e')
    const answer = await set(person, 'directory', { password })
    expect([answer.status, answer.body.proof]).toEqual([200, 'identity'])
    expect(await signIn(person, password)).toBeNull()
    expect(await signIn(person, `${password}!`)).toContain('52e')
    expect((await account(laptop, person, 'directory')).credentialSetAt).toBe(answer.body.credentialSetAt)
    expect((await account(laptop, person, 'mail')).credentialSetAt).toBeNull()
  })

  it('is refused in the directory’s own rules, and told in words', async () => {
    const person = staff(laptop.organisation, 'planta', 1)
    const answer = await set(person, 'directory', { password: 'corta' })
    expect([answer.status, answer.body.type]).toEqual([422, 'urn:llavero:problem:password-refused'])
    expect(answer.body.detail).toMatch(/^(La contraseña|El sistema no acepta)/)
    expect(JSON.stringify(answer.body)).not.toContain('corta"')
  })

  it('outlives a closing and an opening again', async () => {
    const person = staff(laptop.organisation, 'planta', 2)
    await set(person, 'directory', { password })
    await file(
      laptop,
      form(person.unit, [], [{ nationalId: person.nationalId, access: { system: 'directory' } }]),
    )
    await laptop.idle()
    expect(await signIn(person, password)).toContain('533')
    expect((await set(person, 'directory', { password })).status).toBe(409)
    await file(
      laptop,
      form(person.unit, [activation(person, { system: 'directory', internetProfile: 'controlado' })]),
    )
    await laptop.idle()
    expect(await signIn(person, password)).toBeNull()
  })

  it('may be set with a code of the help desk, once', async () => {
    const person = staff(laptop.organisation, 'planta', 3)
    const desk = inRole(laptop.organisation, 'it')
    const issued = await laptop.as(desk, 'POST', `/people/${person.nationalId}/one-time-code`)
    expect(issued.status).toBe(201)
    const { code } = issued.body
    expect((await set(person, 'mail', { password, code })).body.proof).toBe('code')
    expect((await set(person, 'mail', { password, code })).status).toBe(422)
  })

  it('leaves no trace in logs or tables', () => {
    const kept = ['functions.log', 'access.log'].map(name =>
      readFileSync(join(laptop.dataDir, 'cloud', name), 'utf8'),
    )
    expect(kept.join('\n')).not.toContain(password)
    expect(laptop.output()).not.toContain(password)
  })
})

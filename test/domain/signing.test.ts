import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mayConcern, type Signing, signerFor } from '../../functions/domain/signing.ts'
import type { Role } from '../../schemas/role.ts'
import { administracion, deputy, dideco, unit } from '../personas/body.ts'
import { amaro, bruno, dario, elena, hilda, maria, ofelia, pedro, today, uuid } from '../personas/people.ts'

const signing = (callerId: string, more: Partial<Signing> = {}): Signing => ({
  unit: dideco,
  ancestors: [administracion],
  callerId,
  callerRoles: [],
  day: today,
  ...more,
})
const vacant = unit('dideco', { parent: 'administracion' })

describe('R1: who signs for a unit', () => {
  it('its head', () => {
    expect(signerFor(signing(elena.personId))).toEqual({
      personId: elena.personId,
      capacity: 'head',
      onBehalfOf: null,
    })
  })

  it.each(['2026-11-16', '2026-11-22'])("the deputy in force, in the head's name, on %s", day => {
    expect(signerFor(signing(bruno.personId, { day }))).toEqual({
      personId: bruno.personId,
      capacity: 'deputy',
      onBehalfOf: elena.personId,
    })
  })

  it.each(['2026-11-15', '2026-11-23'])('no deputy out of the days named: %s', day => {
    expect(signerFor(signing(bruno.personId, { day }))).toBeNull()
  })

  it('nobody else, not even another official of the unit', () => {
    expect(signerFor(signing(maria.personId))).toBeNull()
    expect(signerFor(signing(maria.personId, { callerRoles: ['it', 'security'] }))).toBeNull()
  })

  it('the head of the unit above, for the head', () => {
    const signer = signerFor(signing(ofelia.personId, { subjects: [elena.personId] }))
    expect(signer).toMatchObject({ capacity: 'parent-head', onBehalfOf: null })
    expect(signer && mayConcern(signer, dideco, [administracion], elena.personId)).toBe(true)
    expect(signer && mayConcern(signer, dideco, [administracion], maria.personId)).toBe(false)
  })

  it('not the head of the unit above, for anybody else', () => {
    expect(signerFor(signing(ofelia.personId, { subjects: [maria.personId, null] }))).toBeNull()
  })

  it('the deputy of the unit above, for the head of this one', () => {
    expect(signerFor(signing(dario.personId, { subjects: [elena.personId] }))).toEqual({
      personId: dario.personId,
      capacity: 'parent-head',
      onBehalfOf: ofelia.personId,
    })
  })

  it('the head of the unit above for everybody, while the post is vacant', () => {
    const signer = signerFor(signing(ofelia.personId, { unit: vacant, subjects: [maria.personId] }))
    expect(signer).toMatchObject({ capacity: 'parent-head' })
    expect(signer && mayConcern(signer, vacant, [administracion], maria.personId)).toBe(true)
  })

  it('the nearest head above, where posts above are vacant too', () => {
    const middle = unit('middle', { parent: 'administracion' })
    const above = { unit: vacant, ancestors: [middle, administracion] }
    expect(signerFor(signing(ofelia.personId, above))).toMatchObject({ capacity: 'parent-head' })
  })

  it('a deputy in force of a vacant post above, before the heads further up', () => {
    const middle = unit('middle', {
      parent: 'administracion',
      deputies: [deputy(pedro.personId, '2026-11-01', '2026-11-30')],
    })
    const above = { unit: vacant, ancestors: [middle, administracion] }
    expect(signerFor(signing(pedro.personId, above))).toMatchObject({ capacity: 'parent-head' })
    expect(signerFor(signing(ofelia.personId, above))).toBeNull()
  })

  it('the next one up for somebody who leads both units', () => {
    const top = unit('alcaldia', { head: amaro.personId })
    const both = { ...administracion, head: elena.personId, parent: 'alcaldia' }
    const signer = signerFor(signing(amaro.personId, { ancestors: [both, top], subjects: [elena.personId] }))
    expect(signer).toMatchObject({ capacity: 'parent-head' })
  })

  it("the authority for the top unit's head, and for the whole unit while that post is vacant", () => {
    const top = { unit: administracion, ancestors: [], callerRoles: ['authority'] as Role[] }
    const signer = signerFor(signing(amaro.personId, { ...top, subjects: [ofelia.personId] }))
    expect(signer).toMatchObject({ capacity: 'authority' })
    expect(signerFor(signing(amaro.personId, { ...top, subjects: [maria.personId] }))).toBeNull()
    const vacantTop = { ...administracion, head: null }
    expect(
      signerFor(signing(amaro.personId, { ...top, unit: vacantTop, subjects: [maria.personId] })),
    ).toMatchObject({ capacity: 'authority' })
  })

  it('no authority where somebody stands above', () => {
    expect(signerFor(signing(amaro.personId, { callerRoles: ['authority'] }))).toBeNull()
  })
})

describe('R9: human resources', () => {
  it('file forms with deactivations only, for anybody', () => {
    const hr = { callerRoles: ['hr'] as Role[] }
    const signer = signerFor(signing(hilda.personId, { ...hr, deactivationsOnly: true }))
    expect(signer).toMatchObject({ capacity: 'hr', onBehalfOf: null })
    expect(signer && mayConcern(signer, dideco, [], maria.personId)).toBe(true)
    expect(signer && mayConcern(signer, dideco, [], hilda.personId)).toBe(false)
    expect(signerFor(signing(hilda.personId, { ...hr, deactivationsOnly: false }))).toBeNull()
  })
})

describe('R1: nobody for themselves', () => {
  it('but a line about oneself is no reason to refuse the whole form', () => {
    const signer = signerFor(signing(elena.personId, { subjects: [elena.personId] }))
    expect(signer).toMatchObject({ capacity: 'head' })
    expect(signer && mayConcern(signer, dideco, [administracion], elena.personId)).toBe(false)
  })

  it('nor is it, to whoever stands above: the line is rejected, the form taken', () => {
    expect(signerFor(signing(ofelia.personId, { subjects: [ofelia.personId] }))).not.toBeNull()
  })

  it('nor a deputy for the head in whose place they sign', () => {
    const signer = signerFor(signing(bruno.personId))
    expect(signer && mayConcern(signer, dideco, [administracion], elena.personId)).toBe(false)
    expect(signer && mayConcern(signer, dideco, [administracion], maria.personId)).toBe(true)
  })

  it('whatever the units, posts and roles', () => {
    const someone = fc.constantFrom(uuid(1), uuid(2), uuid(3))
    const anyUnit = fc.record({
      id: fc.constantFrom('a', 'b'),
      name: fc.constant('x'),
      parent: fc.constant(null),
      head: fc.option(someone),
      deputies: fc.array(
        someone.map(id => deputy(id, today, today)),
        { maxLength: 2 },
      ),
    })
    const anyRoles = fc.subarray<Role>(['hr', 'it', 'security', 'authority'])
    fc.assert(
      fc.property(
        anyUnit,
        fc.array(anyUnit, { maxLength: 3 }),
        someone,
        anyRoles,
        fc.option(fc.array(fc.option(someone), { minLength: 1, maxLength: 3 }), { nil: undefined }),
        (own, ancestors, callerId, callerRoles, subjects) => {
          const signer = signerFor({
            unit: own,
            ancestors,
            callerId,
            callerRoles,
            day: today,
            ...(subjects === undefined ? {} : { subjects }),
          })
          if (signer === null) {
            expect(own.head).not.toBe(callerId)
            return
          }
          expect(signer.personId).toBe(callerId)
          expect(mayConcern(signer, own, ancestors, callerId)).toBe(false)
          if (signer.onBehalfOf !== null)
            expect(mayConcern(signer, own, ancestors, signer.onBehalfOf)).toBe(false)
        },
      ),
      { numRuns: 5000 },
    )
  })
})

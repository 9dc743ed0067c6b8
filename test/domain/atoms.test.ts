import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { atomsOf, endedBy, targetOf } from '../../functions/domain/atoms.ts'
import { Access, Atom, EndedAccess } from '../../schemas/access.ts'

const none = new Set<string>()
const names = (access: Access, held: ReadonlySet<string> = none) =>
  atomsOf(access, held).map(({ atom }) => atom)

describe('R4: a line becomes atoms', () => {
  it('of the directory: the account, the internet profile, and each further access', () => {
    const access: Access = {
      system: 'directory',
      internetProfile: 'libre',
      removableStorage: true,
      entitlements: ['respaldo', 'vpn'],
    }
    expect(atomsOf(access, none)).toEqual([
      { atom: 'account', access: { system: 'directory' } },
      { atom: 'internet', access: { system: 'directory', internetProfile: 'libre' } },
      { atom: 'removable-storage', access: { system: 'directory', removableStorage: true } },
      { atom: 'entitlement:respaldo', access: { system: 'directory', entitlements: ['respaldo'] } },
      { atom: 'entitlement:vpn', access: { system: 'directory', entitlements: ['vpn'] } },
    ])
  })

  it('leaves the account alone where it is held and only further accesses are asked for', () => {
    const held = new Set(['account'])
    const vpn: Access = { system: 'directory', entitlements: ['vpn'] }
    expect(names(vpn)).toEqual(['account', 'entitlement:vpn'])
    expect(names(vpn, held)).toEqual(['entitlement:vpn'])
    expect(names({ system: 'directory', removableStorage: true }, held)).toEqual(['removable-storage'])
    expect(names({ system: 'directory' }, held)).toEqual(['account'])
    expect(names({ system: 'directory', internetProfile: 'libre' }, held)).toEqual(['account', 'internet'])
    const both: Access = { system: 'directory', internetProfile: 'libre', entitlements: ['vpn'] }
    expect(names(both, held)).toEqual(['account', 'internet', 'entitlement:vpn'])
  })

  it('R7: a refusal of removable storage is an atom only where it takes one back', () => {
    const blocked: Access = { system: 'directory', internetProfile: 'controlado', removableStorage: false }
    expect(names(blocked)).toEqual(['account', 'internet'])
    expect(names(blocked, new Set(['removable-storage']))).toContain('removable-storage')
    expect(names({ system: 'directory', removableStorage: false }, new Set(['account']))).toEqual([])
  })

  it('of mail, of one module, and of each door', () => {
    expect(names({ system: 'mail' })).toEqual(['mail'])
    const module: Access = { system: 'erp', module: 'tesoreria', type: 'consulta', specific: ['cajas'] }
    expect(atomsOf(module, none)).toEqual([{ atom: 'erp:tesoreria', access: module }])
    expect(atomsOf({ system: 'data-centre', doors: ['A1', 'B2'] }, none)).toEqual([
      { atom: 'door:A1', access: { system: 'data-centre', doors: ['A1'] } },
      { atom: 'door:B2', access: { system: 'data-centre', doors: ['B2'] } },
    ])
  })

  it('R5: of copies to the head beside the mailbox, which stays as it is where it is held', () => {
    const copied: Access = { system: 'mail', copyToHead: true }
    expect(atomsOf(copied, none)).toEqual([
      { atom: 'mail', access: { system: 'mail' } },
      { atom: 'copy-to-head', access: copied },
    ])
    expect(names(copied, new Set(['mail']))).toEqual(['copy-to-head'])
    expect(targetOf('copy-to-head')).toBe('mail')
  })

  it('that the schemas take, whatever was asked for', () => {
    const anyAccess = fc.oneof<fc.Arbitrary<Access>[]>(
      fc.record(
        {
          system: fc.constant('directory' as const),
          internetProfile: fc.constantFrom('controlado', 'libre', 'superusuario'),
          removableStorage: fc.boolean(),
          entitlements: fc.subarray(['vpn', 'respaldo']),
        },
        { requiredKeys: ['system'] },
      ),
      fc.constant({ system: 'mail' }),
      fc.constant({ system: 'mail', copyToHead: true }),
      fc.constant({ system: 'data-centre', doors: ['A1'] }),
    )
    const anyHeld = fc.subarray(['account', 'removable-storage', 'mail']).map(atoms => new Set(atoms))
    fc.assert(
      fc.property(anyAccess, anyHeld, (access, held) => {
        for (const { atom, access: part } of atomsOf(access, held)) {
          expect(Atom.safeParse(atom).success).toBe(true)
          expect(Access.safeParse(part).success).toBe(true)
          expect(endedBy({ system: 'all' }, atom)).toBe(true)
          expect(endedBy(EndedAccess.parse({ system: access.system }), atom)).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a deactivation ends', () => {
  const all = [
    'account',
    'internet',
    'removable-storage',
    'entitlement:vpn',
    'mail',
    'copy-to-head',
    'erp:tesoreria',
    'door:A1',
  ]
  const ends = (access: EndedAccess) => all.filter(atom => endedBy(access, atom))

  it.each<[string, EndedAccess, string[]]>([
    ['everything', { system: 'all' }, all],
    ['the whole directory', { system: 'directory' }, all.slice(0, 4)],
    ['one further access', { system: 'directory', entitlements: ['vpn'] }, ['entitlement:vpn']],
    ['mail, and with it the copies to the head', { system: 'mail' }, ['mail', 'copy-to-head']],
    ['the copies to the head alone', { system: 'mail', copyToHead: true }, ['copy-to-head']],
    ['the whole ERP', { system: 'erp' }, ['erp:tesoreria']],
    ['one module', { system: 'erp', module: 'tesoreria' }, ['erp:tesoreria']],
    ['another module', { system: 'erp', module: 'bodega' }, []],
    ['every door', { system: 'data-centre' }, ['door:A1']],
    ['another door', { system: 'data-centre', doors: ['B2'] }, []],
  ])('%s', (_what, access, ended) => {
    expect(ends(access)).toEqual(ended)
  })

  it('in the target that makes it true', () => {
    expect(all.map(targetOf)).toEqual([
      'directory',
      'directory',
      'directory',
      'directory',
      'mail',
      'mail',
      'erp',
      'data-centre',
    ])
  })
})

import { describe, expect, it } from 'vitest'
import { readCsv } from '../../functions/domain/csv.ts'
import { registerFile } from '../../functions/domain/register-csv.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import {
  AccessChange,
  ChangeKind,
  type Permission,
  type PersonThen,
  RegisterPage,
} from '../../schemas/registers.ts'
import { Settings } from '../../schemas/settings.ts'
import { uuid } from '../personas/people.ts'

const settings = Settings.parse(sample)
const person: PersonThen = {
  personId: uuid(1),
  nationalId: '12345678-5',
  name: 'María José Muñoz Peña',
  position: '=1+1',
  unit: { id: 'dideco', name: 'Desarrollo Comunitario; sede norte' },
}
const head = { asAt: '2026-11-20', at: '2026-11-21T02:59:59.999Z', page: 1, cursor: null }
const account = {
  person,
  state: 'enabled',
  expiresAt: '2027-01-01T03:00:00.000Z',
  open: true,
  readAt: '2026-11-20T12:05:00.000Z',
  pending: false,
} as const
const permission: Permission = {
  person,
  system: 'erp',
  right: 'tesoreria',
  type: 'actualizacion',
  operations: ['ingreso', 'modificacion'],
  specific: ['cajas', 'informes'],
  grantedBy: { id: 'dideco', name: 'Dideco' },
  from: '2026-03-01',
  until: null,
  request: '2026-000123',
  line: 'A1',
  toCertify: false,
}
const change = AccessChange.parse({
  at: '2026-11-20T12:05:00.000Z',
  begunAt: '2026-11-20T12:04:00.000Z',
  readBackAt: '2026-11-20T12:05:00.000Z',
  person,
  system: 'erp',
  account: 'maria.munoz',
  change: 'right-changed',
  effect: 'loss',
  right: 'tesoreria',
  was: { id: 'tesoreria', operations: ['ingreso'] },
  now: { id: 'tesoreria' },
  until: null,
  cause: { kind: 'form', ref: '2026-000123' },
  request: '2026-000123',
  askedBy: { person, role: 'deputy', onBehalfOf: person },
  entry: uuid(2),
})

/** The cells of a file as Excel would have them, by their heading. */
function cells(page: unknown, more: Partial<Settings> = {}): Record<string, string>[] {
  const body = { ...settings, ...more }
  const { text } = registerFile(RegisterPage.parse(page), body)
  expect(text.startsWith('\uFEFF')).toBe(true)
  const read = readCsv(text.slice(1), body.locale === 'es-CL' ? ';' : ',')
  if ('fault' in read) throw new Error(read.fault.code)
  const [heading = [], ...records] = read.records
  return records.map(record => {
    expect(record).toHaveLength(heading.length)
    return Object.fromEntries(heading.map((column, index) => [column, record[index] ?? '']))
  })
}

describe('a register as a table', () => {
  it('is named by register and day, and by its page after the first', () => {
    const page = RegisterPage.parse({ register: 'permissions', ...head, entries: [] })
    expect(registerFile(page, settings).name).toBe('permisos-2026-11-20.csv')
    expect(registerFile({ ...page, page: 3 }, settings).name).toBe('permisos-2026-11-20-3.csv')
    const names = (['mail-addresses', 'domain-users'] as const).map(
      register => registerFile(RegisterPage.parse({ ...page, register }), settings).name,
    )
    expect(names).toEqual(['direcciones-de-correo-2026-11-20.csv', 'usuarios-del-dominio-2026-11-20.csv'])
  })

  it('says beside the table where its next part is', () => {
    const page = { register: 'changes', ...head, from: '2026-11-01', entries: [] }
    const file = (more: object) => registerFile(RegisterPage.parse({ ...page, ...more }), settings)
    expect(file({}).next).toBeNull()
    expect(file({ cursor: 'Zm9v' }).next).toBe(
      '/registers/changes?asAt=2026-11-20&from=2026-11-01&cursor=Zm9v',
    )
  })

  it('has days and hours as they are written in the body’s zone, and no cell that calculates', () => {
    const [address] = cells({
      register: 'mail-addresses',
      ...head,
      entries: [{ address: 'maria.munoz@valleclaro.example', ...account }],
    })
    expect(address).toEqual({
      Dirección: 'maria.munoz@valleclaro.example',
      Documento: '12345678-5',
      Nombre: 'María José Muñoz Peña',
      Cargo: "'=1+1",
      Unidad: 'Desarrollo Comunitario; sede norte',
      Estado: 'Abierta',
      Término: '01-01-2027 00:00',
      'Vista así el': '20-11-2026 09:05',
    })
  })

  it('tells a visit with what there is of the visitor, and without what was forgotten', () => {
    const entry = {
      visit: uuid(3),
      enteredAt: '2026-11-20T12:05:00.000Z',
      leftAt: '2026-11-20T13:05:00.000Z',
      exit: 'corrected',
      visitor: {
        givenNames: 'Teresa',
        surnames: 'Ulloa Vergara',
        nationalId: null,
        passport: { country: 'PER', number: 'X0000001' },
        company: '@SUMA(1)',
      },
      reason: '=HYPERLINK("http://x.example";"ver")',
      escort: person,
      escorted: true,
      approval: null,
      enteredBy: person,
    }
    const forgotten = {
      ...entry,
      visitor: null,
      reason: null,
      escort: null,
      escorted: false,
      approval: 'pending',
    }
    const page = { register: 'visits', ...head, from: '2026-11-01', to: '2026-11-20' }
    const [whole, blank] = cells({ ...page, entries: [entry, { ...forgotten, leftAt: null, exit: null }] })
    expect(whole).toEqual({
      Ingreso: '20-11-2026 09:05',
      Salida: '20-11-2026 10:05',
      Nombre: 'Teresa Ulloa Vergara',
      'Documento de identidad': '',
      Pasaporte: 'PER X0000001',
      Empresa: "'@SUMA(1)",
      Motivo: `'=HYPERLINK("http://x.example";"ver")`,
      Escolta: 'María José Muñoz Peña',
      'Con escolta': 'Sí',
      Emergencia: '',
      'Registrado por': 'María José Muñoz Peña',
      'Salida según': 'Corregida después',
      Visita: uuid(3),
    })
    expect(blank).toMatchObject({
      Salida: '',
      Nombre: '',
      Pasaporte: '',
      Motivo: '',
      'Con escolta': 'No',
      Emergencia: 'Pendiente de la autoridad',
      'Salida según': '',
    })
    const next = registerFile(RegisterPage.parse({ ...page, entries: [], cursor: 'Zm9v' }), settings)
    expect(next.next).toBe('/registers/visits?asAt=2026-11-20&from=2026-11-01&to=2026-11-20&cursor=Zm9v')
  })

  it('has the groups of a domain user in words, and tells one that has expired from one that is closed', () => {
    const users = cells({
      register: 'domain-users',
      ...head,
      entries: [
        {
          user: 'a',
          ...account,
          open: false,
          rights: ['entitlement:vpn', 'internet:libre', 'removable-storage'],
        },
        { user: 'b', ...account, open: false, state: 'disabled', expiresAt: null, rights: [] },
      ],
    })
    expect(users.map(({ Estado, Término }) => [Estado, Término])).toEqual([
      ['Vencida', '01-01-2027 00:00'],
      ['Cerrada', 'Sin término'],
    ])
    expect(users[0]).toMatchObject({ Internet: 'libre' })
    expect(users[0]?.['Otros accesos']).toMatch(/Almacenamiento removible/)
  })

  it('has each permission with module, operations, parts and last day', () => {
    expect(cells({ register: 'permissions', ...head, entries: [permission] })[0]).toMatchObject({
      Sistema: 'El ERP',
      Acceso: 'Tesorería',
      Tipo: 'actualizacion',
      Operaciones: 'ingreso, modificacion',
      'Solo en': 'cajas, informes',
      Desde: '01-03-2026',
      Hasta: 'Sin término',
      Solicitud: '2026-000123',
      Línea: 'A1',
    })
    const account: Permission = {
      ...permission,
      system: 'mail',
      right: null,
      type: null,
      until: '2026-12-31',
    }
    expect(cells({ register: 'permissions', ...head, entries: [account] })[0]).toMatchObject({
      Acceso: 'La cuenta',
      Hasta: '31-12-2026',
    })
  })

  it('has every kind of change in words, who asked in which capacity, and in whose place', () => {
    const entries = ChangeKind.options.map(kind => ({ ...change, change: kind }))
    const told = cells({ register: 'changes', ...head, from: '2026-11-01', entries })
    expect(new Set(told.map(({ Cambio }) => Cambio)).size).toBe(ChangeKind.options.length)
    expect(told[0]).toMatchObject({
      Antes: 'Tesorería. Actualización (ingreso)',
      Ahora: 'Tesorería. Solo consulta',
      Causa: 'Solicitud',
      'Pedido por': 'María José Muñoz Peña',
      Como: 'Subrogante',
      'En lugar de': 'María José Muñoz Peña',
      Comprobado: '20-11-2026 09:05',
    })
    expect(told[0]?.Término).toBe('')
    const opened = { ...change, change: 'opened', system: 'directory', right: null, was: null, now: null }
    expect(cells({ register: 'changes', ...head, from: '2026-11-01', entries: [opened] })[0]).toMatchObject({
      Antes: '',
      Ahora: '',
      Término: 'Sin término',
    })
    const attested = { ...change, readBackAt: null, askedBy: null, cause: { kind: 'moon', ref: 'x' } }
    const [byHand] = cells({ register: 'removals', ...head, from: '2026-11-01', entries: [attested] })
    expect(byHand).toMatchObject({ Comprobado: 'Según quien lo hizo', Causa: 'Otra', 'Pedido por': '' })
  })

  it('is parted by commas where the numbers are not', () => {
    const page = { register: 'permissions', ...head, entries: [permission] }
    expect(cells(page, { locale: 'es-GT' })[0]).toMatchObject({ Operaciones: 'ingreso, modificacion' })
  })
})

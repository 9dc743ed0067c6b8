import { Settings } from '../../schemas/settings.ts'
import type { Deputy, Unit } from '../../schemas/unit.ts'
import { amaro, bruno, dario, elena, hilda, ofelia } from './people.ts'

const OU = 'OU=Municipalidad,DC=valleclaro,DC=test'

/** An invented municipality with little of everything. */
export const valleClaro: Settings = Settings.parse({
  version: 1,
  body: { id: 'valle-claro', name: 'Municipalidad de Valle Claro' },
  timeZone: 'America/Santiago',
  locale: 'es-CL',
  nationalId: 'rut',
  erpModules: [
    { id: 'tesoreria', name: 'Tesorería', sensitive: false },
    { id: 'atencion-social', name: 'Atención social', sensitive: false },
    { id: 'remuneraciones', name: 'Remuneraciones', sensitive: true },
  ],
  entitlements: [
    { id: 'respaldo', name: 'Respaldo en servidor' },
    { id: 'vpn', name: 'VPN' },
  ],
  doors: [{ serial: 'AJ001', name: 'Sala de servidores' }],
  targets: [
    {
      id: 'directory',
      kind: 'active-directory',
      mode: 'active',
      secret: 'llavero/directory',
      baseDn: 'DC=valleclaro,DC=test',
      activeOu: `OU=Activos,${OU}`,
      inactiveOu: `OU=Inactivos,${OU}`,
      managedOus: [OU],
      protectedGroups: ['CN=Domain Admins,CN=Users,DC=valleclaro,DC=test'],
      upnSuffix: 'valleclaro.test',
      groups: {
        internet: {
          controlado: `CN=internet-controlado,${OU}`,
          libre: `CN=internet-libre,${OU}`,
          superusuario: `CN=internet-superusuario,${OU}`,
        },
        removableStorage: `CN=almacenamiento,${OU}`,
        entitlements: { respaldo: `CN=respaldo,${OU}`, vpn: `CN=vpn,${OU}` },
      },
    },
    {
      id: 'mail',
      kind: 'postfixadmin',
      mode: 'active',
      secret: 'llavero/mail',
      domain: 'valleclaro.test',
      quotaMegabytes: 2048,
    },
  ],
  limits: {},
  notices: {
    from: 'llavero@valleclaro.example',
    it: 'informatica@valleclaro.example',
    escalation: 'secpla@valleclaro.example',
  },
  bootstrap: [
    {
      person: hilda.person,
      issuer: 'https://id.valleclaro.test',
      subject: 'hilda',
      roles: ['hr', 'security'],
    },
    { person: amaro.person, issuer: 'https://id.valleclaro.test', subject: 'amaro', roles: ['authority'] },
  ],
})

/** `subroga` from one day to another, both included. */
export const deputy = (personId: string, from: string, until: string): Deputy => ({ personId, from, until })

export const unit = (id: string, more: Partial<Unit> = {}): Unit => ({
  id,
  name: id,
  parent: null,
  head: null,
  deputies: [],
  ...more,
})

export const administracion = unit('administracion', {
  head: ofelia.personId,
  deputies: [deputy(dario.personId, '2026-11-16', '2026-11-22')],
})
export const dideco = unit('dideco', {
  parent: 'administracion',
  head: elena.personId,
  deputies: [deputy(bruno.personId, '2026-11-16', '2026-11-22')],
})

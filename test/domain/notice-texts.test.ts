import { describe, expect, it } from 'vitest'
import type { LineFacts, NoticeFacts, RequestFacts } from '../../functions/domain/notice-facts.ts'
import { renderNotice } from '../../functions/domain/notice-texts.ts'
import { stepsInWords } from '../../functions/domain/step-words.ts'
import { callBody } from '../../functions/domain/webhook-call.ts'
import type { NoticeRow } from '../../schemas/notice.ts'
import { NoticeTemplate } from '../../schemas/notice-template.ts'
import { LineStatus } from '../../schemas/request.ts'
import type { TaskRow } from '../../schemas/rows.ts'
import { Step } from '../../schemas/target.ts'
import { valleClaro } from '../personas/body.ts'

const task: TaskRow = {
  version: 1,
  id: '0199a3c4-5b7e-7c11-8d22-9f0a1b2c3d4e',
  kind: 'manual',
  personId: '0199a3c4-5b7e-7c11-8d22-9f0a1b2c3d4f',
  target: 'erp',
  request: '2026-000012',
  line: null,
  intent: 'intent',
  steps: [{ act: 'disable' }, { act: 'revoke', right: 'tesoreria' }],
  fault: null,
  name: 'ada.pino',
  until: '2027-01-01T03:00:00.000Z',
  urgent: true,
  openedAt: '2026-11-20T15:00:00.000Z',
  dueBy: '2026-11-20T19:00:00.000Z',
  escalations: 1,
  escalatedAt: null,
  closedAt: null,
  closedBy: null,
  outcome: null,
  evidence: null,
  dueAt: null,
  head: { sequence: 1, hash: '' },
}

const line = (more: Partial<LineFacts> = {}): LineFacts => ({
  line: 'A1',
  kind: 'activation',
  person: 'María José Muñoz Peña',
  access: {
    system: 'erp',
    module: 'tesoreria',
    type: 'actualizacion',
    operations: ['ingreso'],
    specific: ['solo ingresos propios'],
  },
  until: '2026-12-31',
  status: 'done',
  reasons: [],
  ...more,
})

/** A form with a line in every state there is, and one of each kind of access. */
const whole: RequestFacts = {
  number: '2026-000012',
  unit: 'Desarrollo Comunitario',
  lines: [
    ...LineStatus.options.map((status, index) => line({ line: `A${index + 1}`, status })),
    line({ line: 'A20', access: { system: 'mail', copyToHead: true }, until: null }),
    line({ line: 'A21', access: { system: 'data-centre', doors: ['VC-CPD-0001'] } }),
    line({ line: 'C1', kind: 'deactivation', person: null, access: { system: 'all' }, until: null }),
    line({ line: 'C2', kind: 'deactivation', access: { system: 'erp', module: 'tesoreria' }, until: null }),
  ],
}
const ends = [
  { target: 'directory' as const, module: null, lastDay: '2026-12-31', days: 30 },
  { target: 'erp' as const, module: 'tesoreria', lastDay: '2026-12-20', days: 19 },
]
const tasks = { named: [task], fresh: 3, all: 40 }

const facts: NoticeFacts = {
  settings: valleClaro,
  about: {
    personId: task.personId,
    task: null,
    target: 'erp',
    request: null,
    line: 'A2',
    hold: '0199a3c4-5b7e-7c11-8d22-9f0a1b2c3d40',
    cause: 'import',
    edition: '2026-11-28',
  },
  person: { name: 'Ada Pino Leal', unit: 'ti' },
  target: 'erp',
  task,
  request: whole,
  account: 'ada.pino',
  instead: true,
  ends,
  units: [
    {
      unit: 'Desarrollo Comunitario',
      ends: [{ person: 'Elena Ñancucheo Díaz', ends }],
      round: { lastDay: '2026-12-31', closesOn: '2026-12-01' },
      renewable: [{ person: 'Rocío Pincheira Mella', ends }],
      observed: [{ ...whole, lines: [line({ status: 'observed' })] }],
      contested: [{ ...whole, lines: [line({ status: 'contested' })] }],
    },
  ],
  tasks: {
    parked: tasks,
    unadopted: tasks,
    overdue: tasks,
    mails: { fresh: 1, all: 2 },
    deferred: { subjects: ['Tarea por hacer en el ERP'], all: 9 },
  },
}

/** An alarm alone, about the person. */
const alarmed: NoticeFacts = {
  ...facts,
  about: {
    ...facts.about,
    personId: task.personId,
    alarms: [
      {
        kind: 'withdrawn-badge',
        door: valleClaro.doors[0]?.serial ?? '',
        at: '2026-11-20T15:00:00.000Z',
        times: 3,
      },
    ],
  },
}
const factsOf = (template: NoticeTemplate) => (template === 'door-alarms' ? alarmed : facts)

describe('the mails', () => {
  it.each(NoticeTemplate.options)('are whole sentences with nothing left to fill in: %s', template => {
    const mail = renderNotice(template, factsOf(template))
    expect(mail?.subject).toMatch(/^[A-ZÁÉÍÓÚÑ][^\n\r{}]{10,120}[^.]$/)
    expect(mail?.text).not.toMatch(/[{}]|undefined|null|NaN|\.\.|\n\n\n/)
    expect(mail?.text).toContain('Municipalidad de Valle Claro')
  })

  it.each(NoticeTemplate.options)(
    'hold no national id and no password, and no name in the subject: %s',
    template => {
      const mail = renderNotice(template, factsOf(template))
      expect(`${mail?.subject}\n${mail?.text}`).not.toMatch(/\d{1,2}\.?\d{3}\.?\d{3}-[\dkK]\b/)
      expect(mail?.text).not.toMatch(/contraseña (es|temporal|inicial)/i)
      expect(mail?.subject).not.toMatch(/Pino|Muñoz|Ñancucheo|Pincheira/)
    },
  )

  it.each(NoticeTemplate.options)('have a subject of one line, whatever somebody is called: %s', template => {
    const settings = {
      ...valleClaro,
      erpModules: valleClaro.erpModules.map(module => ({
        ...module,
        name: 'Tesorería\r\nBcc: otro@example.cl',
      })),
    }
    const mail = renderNotice(template, { ...factsOf(template), settings, account: 'ada\r\npino' })
    expect(mail?.subject).not.toMatch(/[\r\n]/)
  })

  it('say what is to be done, on whom, and until when, by the clock of the body', () => {
    const mail = renderNotice('task-opened', facts)
    expect(mail?.subject).toBe('URGENTE, quitar accesos en el ERP: plazo 20-11-2026 16:00')
    expect(mail?.text).toContain('Ada Pino Leal (ti)')
    expect(mail?.text).toContain('1. Cierre la cuenta «ada.pino» (no la borre).')
    expect(mail?.text).toContain('2. Quite a la cuenta «ada.pino» el acceso: Tesorería.')
    expect(mail?.text).toContain('01-01-2027 00:00')
  })

  it('say of alarms where, when and how often, and of one alone whose badge it was', () => {
    const mail = renderNotice('door-alarms', alarmed)
    const door = valleClaro.doors[0]?.name
    expect(mail?.subject).toBe(`Centro de datos: se usó una tarjeta ya retirada, en ${door}`)
    expect(mail?.text).toContain(
      `- En ${door}, 3 veces desde el 20-11-2026 12:00: se usó una tarjeta ya retirada.`,
    )
    expect(mail?.text).toContain('La tarjeta es de Ada Pino Leal (ti).')
    const alarms = [
      ...(alarmed.about.alarms ?? []),
      { kind: 'visit-overdue' as const, door: null, at: '2026-11-20T15:00:00.000Z', times: 1 },
    ]
    const many = renderNotice('door-alarms', { ...alarmed, about: { ...alarmed.about, alarms } })
    expect(many?.subject).toBe('Centro de datos: 2 alarmas nuevas')
    expect(many?.text).toContain('- En el centro de datos, 20-11-2026 12:00: visita sin salida registrada.')
    expect(many?.text).not.toContain('Ada Pino')
  })

  it('are not written about what is gone, and name nobody who is no longer kept', () => {
    const gone: NoticeFacts = {
      ...facts,
      task: null,
      request: null,
      account: null,
      ends: [],
      units: [],
      tasks: null,
    }
    for (const template of NoticeTemplate.options)
      if (
        ![
          'copy-to-head',
          'batch-stopped',
          'suspension-reported',
          'target-out-of-reach',
          'visit-unescorted',
        ].includes(template) &&
        !template.startsWith('card-')
      )
        expect([template, renderNotice(template, gone)]).toEqual([template, null])
    expect(renderNotice('task-overdue', { ...facts, person: null })?.text).toContain(
      'una persona que ya no figura en el registro',
    )
  })

  it('tell a unit what ends, what may be renewed until when, and what waits for it', () => {
    const text = renderNotice('digest-unit', facts)?.text ?? ''
    expect(text).toContain('Terminan el 31-12-2026 y se pueden renovar hasta el 01-12-2026.')
    expect(text).toContain(
      'Elena Ñancucheo Díaz\n    - Hasta el 31-12-2026 (días que quedan: 30): Cuenta de red.\n    - Hasta el 20-12-2026 (días que quedan: 19): ERP: Tesorería.',
    )
    expect(text).toContain('Líneas observadas')
    expect(text).toContain('Solicitud 2026-000012, línea A1.')
  })

  it('tell IT of what is new by its number, and of the rest how many there are', () => {
    const text = renderNotice('digest-it', facts)?.text ?? ''
    expect(text).toContain('3 nuevas, 40 en total')
    expect(text).toContain(`Tarea ${task.id}: ERP, cuenta «ada.pino», plazo 20-11-2026 16:00.`)
    expect(text).toContain('Y 2 más')
    expect(text).toContain('Correos que no se pudieron enviar: 1 nuevos, 2 en total.')
  })

  it('tell the help desk’s program ids and a subject, and nothing else', () => {
    const row: NoticeRow = {
      version: 1,
      id: 'a'.repeat(32),
      template: 'request-filed',
      to: { kind: 'webhook' },
      about: { ...facts.about, request: '2026-000012' },
      createdAt: '2026-11-20T15:00:00.000Z',
      dueAt: null,
      leaseUntil: null,
      attempts: 1,
      state: 'pending',
      sentAt: null,
      messageId: null,
      fault: null,
    }
    for (const template of NoticeTemplate.options) {
      const subject = renderNotice(template, facts)?.subject ?? ''
      const body = callBody({ ...row, template }, subject)
      expect(Object.keys(JSON.parse(body))).toEqual(['id', 'template', 'at', 'about', 'subject'])
      expect(Object.keys(JSON.parse(body).about)).toEqual(['personId', 'request', 'task', 'target'])
      expect(body).not.toMatch(/Pino|Muñoz|Ñancucheo|Pincheira|ada\.pino/)
    }
  })

  it('have words for every step of a plan', () => {
    const right = { id: 'internet:libre', operations: [], specific: [], until: null }
    const steps = Step.options.map(({ shape }) => {
      const act = shape.act.value
      if (act === 'revoke') return { act, right: 'internet:libre' }
      if (act === 'grant') return { act, right }
      return act === 'set-expiry' ? { act, expiresAt: null } : { act }
    })
    const words = stepsInWords(
      { settings: valleClaro, target: 'directory', name: 'ada.pino' },
      steps as Step[],
    )
    expect(words).toHaveLength(Step.options.length)
    for (const sentence of words) expect(sentence).toMatch(/^[A-Z].*«ada\.pino».*\.$/)
  })
})

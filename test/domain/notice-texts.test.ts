import { describe, expect, it } from 'vitest'
import { renderNotice } from '../../functions/domain/notice-texts.ts'
import { stepsInWords } from '../../functions/domain/step-words.ts'
import { NoticeTemplate, type TaskRow } from '../../schemas/rows.ts'
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
const facts = {
  settings: valleClaro,
  person: { name: 'Ada Pino Leal', unit: 'ti' },
  target: 'erp' as const,
  task,
}

describe('the mails', () => {
  it.each(NoticeTemplate.options)('are whole sentences with nothing left to fill in: %s', template => {
    const mail = renderNotice(template, facts)
    expect(mail?.subject).toMatch(/^[A-ZÁÉÍÓÚÑ][^\n{}]{10,120}[^.]$/)
    expect(mail?.text).not.toMatch(/[{}]|undefined|null/)
    expect(mail?.text).toContain('Municipalidad de Valle Claro')
  })

  it('say what is to be done, on whom, and until when, by the clock of the body', () => {
    const mail = renderNotice('task-opened', facts)
    expect(mail?.subject).toBe('URGENTE, quitar accesos en el ERP: plazo 20-11-2026 16:00')
    expect(mail?.text).toContain('Ada Pino Leal (ti)')
    expect(mail?.text).toContain('1. Cierre la cuenta «ada.pino» (no la borre).')
    expect(mail?.text).toContain('2. Quite a la cuenta «ada.pino» el acceso: Tesorería.')
    expect(mail?.text).toContain('01-01-2027 00:00')
  })

  it('are not written about what is gone, and name nobody who is no longer kept', () => {
    expect(renderNotice('task-overdue', { ...facts, task: null })).toBeNull()
    expect(renderNotice('task-overdue', { ...facts, person: null })?.text).toContain(
      'una persona que ya no figura en el registro',
    )
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

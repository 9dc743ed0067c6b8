import type { TaskRow } from '../../schemas/rows.ts'
import type { Settings } from '../../schemas/settings.ts'
import { stepsInWords } from './step-words.ts'
import { say } from './texts/index.ts'

/** What a task asks a human to do, in sentences. */
export function taskInWords(settings: Settings, task: TaskRow): string[] {
  const name = task.name ?? ''
  const { locale } = settings
  switch (task.kind) {
    case 'manual':
      return stepsInWords({ settings, target: task.target, name }, task.steps)
    case 'parked':
      return [say(locale, 'task.parked', { name, fault: task.fault ?? '' })]
    case 'unadopted':
      return [say(locale, 'task.unadopted', { name })]
    case 'contested':
      return [say(locale, 'task.contested', { request: task.request ?? '', line: task.line ?? '' })]
    case 'card-handover':
      return [say(locale, 'task.card-handover', { name })]
    case 'card-return':
      return [say(locale, 'task.card-return', { name })]
  }
}

import { mustBe } from '../../../infra/local/client.ts'
import type { Laptop } from '../../servers/laptop.ts'

export type Clock = Awaited<ReturnType<typeof openClock>>

/** The laptop's clock, and the real time at which it showed something: rates are told in real seconds. */
export async function openClock(laptop: Laptop) {
  /** From that real time on the clock is ahead by so much. */
  const offsets: { readonly from: number; readonly ahead: number }[] = []
  const look = async () => {
    const sent = Date.now()
    const { now } = mustBe(await laptop.client('GET', '/local/clock'), 200, 'GET /local/clock')
    const received = Date.now()
    offsets.push({ from: sent, ahead: Date.parse(now) - (sent + received) / 2 })
  }
  await look()
  const now = () => Math.round(Date.now() + (offsets.at(-1)?.ahead ?? 0))
  return {
    now,
    /** Never backwards. Waits until the schedules that were passed have run. */
    async forwardTo(instant: number): Promise<void> {
      if (instant <= now()) return
      const moved = Date.now()
      const to = new Date(instant).toISOString()
      mustBe(await laptop.client('PUT', '/local/clock', { body: { now: to } }), 200, 'PUT /local/clock')
      // What ran while the schedules were waited for was by the new clock already.
      offsets.push({ from: moved, ahead: instant - moved })
      await look()
    },
    /** Real milliseconds at which the clock showed an instant. */
    realOf(instant: string): number {
      const at = Date.parse(instant)
      const found = offsets.findLast(({ from, ahead }) => at >= from + ahead) ?? offsets[0]
      return at - (found?.ahead ?? 0)
    },
  }
}

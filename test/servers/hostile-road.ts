import { testCertificates } from './certificates.ts'
import { type HostileProxy, type LineFault, openHostileProxy } from './hostile-proxy.ts'

export interface HostileRoad {
  /** `https://127.0.0.1:port`. */
  readonly url: string
  /** The authority whose certificate stands there while all is well. */
  readonly ca: string
  /** A fault of the line; the answer ends it. */
  line(fault: LineFault): () => Promise<() => Promise<void>>
  /** Another certificate on the same road; the answer puts the sound one back. */
  certificate(kind: 'expired' | 'foreign'): () => Promise<() => Promise<void>>
  close(): Promise<void>
}

/**
 * The way to a server that speaks plain HTTP, over TLS and through what can be disturbed: one port, behind which stand a sound
 * certificate, one that has expired, and one of an authority that nobody trusts.
 */
export async function openHostileRoad(port: () => number): Promise<HostileRoad> {
  const [own, foreign] = await Promise.all([testCertificates(), testCertificates()])
  const behind: Record<'sound' | 'expired' | 'foreign', HostileProxy> = {
    sound: await openHostileProxy(port, { certificate: own.sound }),
    expired: await openHostileProxy(port, { certificate: own.expired }),
    foreign: await openHostileProxy(port, { certificate: foreign.sound }),
  }
  let now: keyof typeof behind = 'sound'
  const front = await openHostileProxy(() => behind[now].port)
  const turnTo = async (kind: keyof typeof behind) => {
    now = kind
    // Whoever is connected has seen the other one.
    await front.setFault('unreachable')
    await front.setFault(null)
  }
  return {
    url: `https://127.0.0.1:${front.port}`,
    ca: own.sound.ca,
    line: fault => async () => {
      await front.setFault(fault)
      return () => front.setFault(null)
    },
    certificate: kind => async () => {
      await turnTo(kind)
      return () => turnTo('sound')
    },
    async close() {
      await front.close()
      await Promise.all(Object.values(behind).map(proxy => proxy.close()))
    },
  }
}

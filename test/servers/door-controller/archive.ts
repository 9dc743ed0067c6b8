import { gzipSync } from 'node:zlib'

const block = 512

/** A gzipped tar file with one file in it, as `ACCOUNT` sends events. */
export function oneFileArchive(name: string, text: string): Uint8Array {
  const content = Buffer.from(text)
  const header = Buffer.alloc(block)
  const put = (at: number, value: string) => header.write(value, at, 'latin1')
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  put(0, name)
  put(100, '0000644\0')
  put(108, '0000000\0')
  put(116, '0000000\0')
  put(124, `${octal(content.length, 11)} `)
  put(136, `${octal(0, 11)} `)
  put(148, '        ')
  put(156, '0')
  put(257, 'ustar\x0000')
  put(
    148,
    `${octal(
      header.reduce((sum, byte) => sum + byte),
      6,
    )}\0 `,
  )
  const padding = Buffer.alloc((block - (content.length % block)) % block)
  return gzipSync(Buffer.concat([header, content, padding, Buffer.alloc(2 * block)]))
}

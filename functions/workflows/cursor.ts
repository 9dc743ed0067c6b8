import { Buffer } from 'node:buffer'

/** A place in a list, opaque to clients. */
export const sealCursor = (place: string): string => Buffer.from(place).toString('base64url')

/** The place a cursor stands for, null for the beginning; null altogether where the text is no cursor of ours. */
export function openCursor(cursor: string | undefined): { readonly place: string | null } | null {
  if (cursor === undefined) return { place: null }
  const place = Buffer.from(cursor, 'base64url').toString()
  return /^[\x21-\x7e]{1,200}$/.test(place) && sealCursor(place) === cursor ? { place } : null
}

import * as z from 'zod'

/** Opaque key of a person: a random UUIDv7, never derived from the national id. */
export const PersonId = z.uuid().meta({ id: 'PersonId' })
export type PersonId = z.infer<typeof PersonId>

/**
 * A national id as written by a person (dots, k or K). Only its length is a matter of shape;
 * scheme and check digit are a rule (`domain/national-id.ts`), because the scheme is a setting.
 */
export const WrittenNationalId = z
  .string()
  .trim()
  .min(1)
  .max(20)
  .meta({ id: 'NationalId', example: '12.345.678-5' })

/**
 * Letters, combining marks, space, apostrophe, hyphen and full stop; NFC on the way in.
 * No digits, control, bidirectional or zero-width characters: names travel into DNs, door commands and CSV.
 */
const nameText = (longest: number) =>
  z
    .string()
    .trim()
    .transform(text => text.normalize('NFC').replace(/ +/g, ' '))
    .pipe(
      z
        .string()
        .min(1, { error: 'person.name-empty' })
        .max(longest, { error: 'person.name-too-long' })
        .regex(/^[\p{L}\p{M}'’ .-]+$/u, { error: 'person.name-characters' })
        .regex(/\p{L}/u, { error: 'person.name-characters' }),
    )

/** A post's title: any printable text of one line. */
export const PrintableLine = (longest: number) =>
  z
    .string()
    .trim()
    .transform(text => text.normalize('NFC'))
    .pipe(
      z
        .string()
        .min(1)
        .max(longest)
        .regex(/^[^\p{C}\u2028\u2029]+$/u, { error: 'text.unprintable' }),
    )

/** The person as a form or the register names them. */
export const NamedPerson = z
  .strictObject({
    nationalId: WrittenNationalId,
    givenNames: nameText(60),
    surnames: nameText(60),
    position: PrintableLine(100),
  })
  .meta({ id: 'Person' })
export type NamedPerson = z.infer<typeof NamedPerson>

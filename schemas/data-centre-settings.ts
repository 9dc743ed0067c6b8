import * as z from 'zod'
import { DoorId } from './access.ts'
import { PrintableLine } from './person.ts'

/** One door controller, named by its serial number. */
export const DoorSettings = z.strictObject({
  serial: DoorId,
  name: PrintableLine(120),
  /** How many locks hang on it; a badge opens all of them. */
  locks: z.int().min(1).max(8).default(1),
  /** Which of the time zones set up on the device itself a badge opens in; 1 is always. */
  deviceTimeZone: z.int().min(1).max(50).default(1),
})
export type DoorSettings = z.infer<typeof DoorSettings>

const HourOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'calendar.impossible-time' })

/** What holds in the room behind the doors. */
export const DataCentreSettings = z
  .strictObject({
    /** R17: how many people may be inside at once; left out: no limit is set. */
    maximumInside: z.int().min(1).max(1000).optional(),
    /** R18: how many people may hold standing access at once. */
    keyHolders: z.int().min(1).max(500).default(6),
    /** Hours of the body's day in which being inside is usual; an entry outside them raises an alarm. Left out: any hour. */
    hours: z.strictObject({ from: HourOfDay, until: HourOfDay }).optional(),
    /** Days for which movements through the doors are kept (R21). */
    movementDays: z.int().min(1).max(3650).default(90),
    /** Minutes without a word from a device after which it counts as silent. */
    silentMinutes: z.int().min(1).max(1440).default(5),
    /** Seconds by which a device's clock may be off before somebody is told. */
    clockDriftSeconds: z.int().min(5).max(3600).default(60),
    /** How often events that a device has not sent are asked for, less and less often, before they count as lost: 8 take some 17 hours. */
    missingTries: z.int().min(1).max(40).default(8),
    /** Hours after which a visit without an exit counts as forgotten. */
    visitHours: z.int().min(1).max(72).default(12),
    /** Days after which it is no longer known who a visitor was; the visit itself stays in the log. */
    visitDays: z.int().min(1).max(3650).default(730),
    /** The name under which devices come, each with a certificate of its own (mutual TLS); left out: a relay comes by the API's. */
    domain: z
      .strictObject({
        name: z.string().min(4).max(253),
        certificateArn: z.string().regex(/^arn:/),
        /** `s3://bucket/key` of the certificates by which devices and relays are known. */
        truststore: z.string().regex(/^s3:\/\/[^/]+\/.+$/),
        /** The S3 version of that object: what makes a changed truststore count. Left out: the newest at the first deployment. */
        truststoreVersion: z.string().min(1).optional(),
      })
      .optional(),
  })
  .prefault({})

import * as z from 'zod'
import * as api from '../schemas/api.ts'
import * as holding from '../schemas/api-holds.ts'
import * as units from '../schemas/api-units.ts'
import { HrEvent } from '../schemas/hr-event.ts'
import {
  RoleChangePath,
  RoleChangeView,
  RoleRegister,
  RoleView,
  SentRoleDecision,
  WrittenRole,
} from '../schemas/role-change.ts'
import { UnitRowSent, WrittenDeputy, WrittenUnit } from '../schemas/unit.ts'
import type { Operation } from './operation.ts'

/** Who works here and who may do what: events of employment, holds, units, identities, roles. */
export const operationsOfPosts: Readonly<Record<string, Operation>> = {
  'POST /hr-events': {
    id: 'recordHrEvent',
    summary:
      'Tell an event of employment, or a CSV file of them. It is answered once event, register and ledger entry are committed; targets follow. The same id and body is one event.',
    query: api.NoQuery,
    body: HrEvent,
    csv: true,
    files: true,
    answers: {
      202: ['Recorded', holding.EventRecorded],
      200: ['A file: what was recorded, or every fault', api.ImportAnswer],
    },
    problems: [413, 422],
  },
  'POST /people/{nationalId}/suspension': {
    id: 'suspendPerson',
    summary:
      'The kill switch: close everything of a person at once. It answers what each target shows by then.',
    path: api.PersonPath,
    query: api.NoQuery,
    body: holding.SentSuspension,
    files: true,
    answers: { 200: ['Held', holding.SuspensionAnswer] },
    problems: [404, 413, 422],
  },
  'DELETE /people/{nationalId}/suspension': {
    id: 'releasePerson',
    summary: 'End what other people have placed on a person; whoever placed a hold does not end it.',
    path: api.PersonPath,
    query: api.NoQuery,
    answers: { 200: ['What is left', holding.SuspensionAnswer] },
    problems: [404],
  },
  'GET /holds': {
    id: 'listHolds',
    summary: 'Batches that the guard has stopped: those that wait for two people, then the settled ones.',
    query: holding.HoldsQuery,
    answers: { 200: ['A page', holding.StoppedBatches] },
  },
  'POST /holds/{id}/release': {
    id: 'releaseHold',
    summary:
      'One voice, `security`’s or `authority`’s, for carrying out exactly this list; it takes both, by two people.',
    path: holding.HoldPath,
    query: api.NoQuery,
    body: holding.SentVoice,
    files: true,
    answers: { 200: ['The batch as it stands now', holding.StoppedBatch] },
    problems: [404, 409, 413, 422],
  },
  'POST /holds/{id}/discard': {
    id: 'discardHold',
    summary: 'The same for never carrying it out.',
    path: holding.HoldPath,
    query: api.NoQuery,
    body: holding.SentVoice,
    files: true,
    answers: { 200: ['The batch as it stands now', holding.StoppedBatch] },
    problems: [404, 409, 413, 422],
  },
  'POST /units': {
    id: 'recordUnits',
    summary:
      'Bring the register of units up to date from a list, in any order; a row without head keeps the head.',
    query: api.NoQuery,
    body: z.array(UnitRowSent),
    csv: true,
    files: true,
    answers: { 200: ['What was applied, or every fault', api.ImportAnswer] },
    problems: [409, 413, 422],
  },
  'GET /units/{id}': {
    id: 'readUnit',
    summary: 'A unit with its head and deputies, and whether the post is vacant.',
    path: units.UnitPath,
    query: api.NoQuery,
    answers: { 200: ['The unit', units.UnitView] },
    problems: [404],
  },
  'PUT /units/{id}': {
    id: 'recordUnit',
    summary: 'Record a unit: name, parent, head.',
    path: units.UnitPath,
    query: api.NoQuery,
    body: WrittenUnit,
    answers: { 200: ['Changed', units.UnitView], 201: ['Recorded for the first time', units.UnitView] },
    problems: [409, 413],
  },
  'POST /units/{id}/deputies': {
    id: 'nameDeputy',
    summary:
      'Name who signs in the head’s place between two dates, both included. Naming only adds to what the same person has.',
    path: units.UnitPath,
    query: api.NoQuery,
    body: WrittenDeputy,
    files: true,
    answers: { 201: ['Named', units.UnitView] },
    problems: [404, 409, 413, 422],
  },
  'DELETE /units/{id}/deputies/{nationalId}': {
    id: 'endDeputy',
    summary: 'End at once what somebody was named deputy for, now and later.',
    path: units.DeputyPath,
    query: api.NoQuery,
    answers: { 200: ['The unit', units.UnitView] },
    problems: [404],
  },
  'POST /identities': {
    id: 'linkIdentities',
    summary: 'Link tokens (issuer, subject) to people.',
    query: api.NoQuery,
    body: units.IdentityLinks,
    files: true,
    answers: { 200: ['Linked', units.IdentitiesLinked] },
    problems: [409, 413, 422],
  },
  'GET /roles': {
    id: 'listRoles',
    summary: 'Who has which role, in force or to come, and the changes that wait for a second person.',
    query: api.NoQuery,
    answers: { 200: ['The register of roles', RoleRegister] },
  },
  'PUT /roles': {
    id: 'changeRole',
    summary:
      'Give somebody else a role, change or end it. The roles security and authority wait for a second person.',
    query: api.NoQuery,
    body: WrittenRole,
    answers: {
      200: ['It stands so', RoleView],
      202: ['Proposed: a second person decides', RoleChangeView],
    },
    problems: [409, 413],
  },
  'POST /roles/changes/{id}/decision': {
    id: 'decideRole',
    summary:
      'Approve or reject a proposed change of a role, as neither who proposed it nor whom it concerns.',
    path: RoleChangePath,
    query: api.NoQuery,
    body: SentRoleDecision,
    files: true,
    answers: { 200: ['Decided', RoleChangeView] },
    problems: [404, 409, 413, 422],
  },
}

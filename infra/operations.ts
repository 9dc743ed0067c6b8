import * as z from 'zod'
import * as api from '../schemas/api.ts'
import { CompletedActivation, CompletedDeactivation, SentAcknowledgement } from '../schemas/api-lines.ts'
import * as doing from '../schemas/api-operations.ts'
import * as units from '../schemas/api-units.ts'
import { RegisterRow } from '../schemas/hr-event.ts'
import {
  AdoptionAnswer,
  AdoptionOrder,
  ReadingOrder,
  ReadingOrdered,
  Reconciliation,
  ReconciliationQuery,
  UploadAnswer,
  UploadQuery,
  UploadRow,
} from '../schemas/reconciliation.ts'
import * as registers from '../schemas/registers.ts'
import { RenewalList, RenewalOrder, RenewalsFiled, RenewalsQuery, RenewalsTried } from '../schemas/renewal.ts'
import { Form } from '../schemas/request.ts'
import type { Operation } from './operation.ts'
import { operationsOfBadges } from './operations-of-badges.ts'
import { operationsOfDoors } from './operations-of-doors.ts'
import { operationsOfPosts } from './operations-of-posts.ts'
import { operationsOfVisits } from './operations-of-visits.ts'

const setCredential = (system: 'directory' | 'mail' | 'erp'): Operation => ({
  id: `setCredential${system.charAt(0).toUpperCase()}${system.slice(1)}`,
  summary: `Set the password of one's own account in the ${system === 'erp' ? 'ERP' : system} system, at once. It is not kept, and neither is the answer: there is no Idempotency-Key.`,
  query: api.NoQuery,
  body: doing.SentPassword,
  answers: { 200: ['Set, and its delivery acknowledged', doing.CredentialSet] },
  problems: [409, 413, 422, 429],
})

const anyDocument = z.record(z.string(), z.unknown())

/** Every operation of the contract that stands, in the contract's words. */
export const operations: Readonly<Record<string, Operation>> = {
  'POST /requests': {
    id: 'submitRequest',
    summary: 'File the single form; with `dryRun=true` only say what would be decided and done.',
    query: api.SubmitQuery,
    body: Form,
    files: true,
    answers: {
      201: ['Filed and decided', api.FiledRequest],
      200: ['Dry run: nothing was filed', api.DryRun],
    },
    problems: [413, 422],
  },
  'GET /requests': {
    id: 'listRequests',
    summary: 'Requests the caller may see, newest first.',
    query: api.RequestsQuery,
    answers: { 200: ['A page', api.RequestList] },
  },
  'GET /requests/{number}': {
    id: 'readRequest',
    summary: 'One request, whole: lines as filed, decisions, progress per target, history.',
    path: api.RequestPath,
    query: api.NoQuery,
    answers: { 200: ['The request', api.WholeRequest] },
    problems: [404],
  },
  'POST /requests/{number}/lines/{line}/decision': {
    id: 'decideLine',
    summary:
      'An authority approves, rejects or observes a line that waits for approval. `If-Match` carries its hash.',
    path: api.LinePath,
    query: api.NoQuery,
    body: api.SentDecision,
    files: true,
    conditional: true,
    answers: { 200: ['The line as it stands now', api.DecidedLine] },
    problems: [404, 409, 412, 413, 422, 428],
  },
  'PUT /requests/{number}/lines/{line}': {
    id: 'completeLine',
    summary:
      'Complete an observed line: add what is missing; it is decided anew and goes on from there. `If-Match` carries its hash.',
    path: api.LinePath,
    query: api.NoQuery,
    body: z.union([CompletedActivation, CompletedDeactivation]),
    files: true,
    conditional: true,
    answers: { 200: ['The line as it stands now', api.DecidedLine] },
    problems: [404, 409, 412, 413, 422, 428],
  },
  'POST /requests/{number}/lines/{line}/acknowledgement': {
    id: 'acknowledgeLine',
    summary:
      'The person concerned says whether the access that was given is right; a “no” opens a task. `If-Match` carries the line’s hash.',
    path: api.LinePath,
    query: api.NoQuery,
    body: SentAcknowledgement,
    files: true,
    conditional: true,
    answers: { 200: ['The line, acknowledged or contested', api.DecidedLine] },
    problems: [404, 409, 412, 413, 422, 428],
  },
  'GET /renewals': {
    id: 'listRenewals',
    summary: 'What ends on 31 December, and how it stands with renewing it.',
    query: RenewalsQuery,
    answers: { 200: ['A page', RenewalList] },
    problems: [404],
  },
  'POST /renewals': {
    id: 'renewAccesses',
    summary:
      'Renew any of it for the next year, in one or more requests; with `dryRun=true` only say what would be decided and done.',
    query: api.SubmitQuery,
    body: RenewalOrder,
    files: true,
    answers: {
      201: ['Filed and decided', RenewalsFiled],
      200: ['Dry run, or nothing was left to renew', z.union([RenewalsTried, RenewalsFiled])],
    },
    problems: [409, 413, 422],
  },
  'GET /people/{nationalId}': {
    id: 'readPerson',
    summary: 'A person: contracts, holds, grants, accounts.',
    path: api.PersonPath,
    query: api.NoQuery,
    answers: { 200: ['The person', api.PersonView] },
    problems: [404],
  },
  'GET /me': {
    id: 'readMe',
    summary: 'The caller as a person.',
    query: api.NoQuery,
    answers: { 200: ['The caller', api.PersonView] },
  },
  'POST /people': {
    id: 'recordPeople',
    summary: 'Bring the register of people up to date; each row that says something new becomes an HR event.',
    query: api.ImportQuery,
    body: z.array(RegisterRow),
    csv: true,
    files: true,
    answers: { 200: ['What was applied, or every fault', api.ImportAnswer] },
    problems: [413, 422],
  },
  ...operationsOfPosts,
  ...operationsOfBadges,
  ...operationsOfVisits,
  'POST /me/credentials/directory': setCredential('directory'),
  'POST /me/credentials/mail': setCredential('mail'),
  'POST /me/credentials/erp': setCredential('erp'),
  'POST /people/{nationalId}/one-time-code': {
    id: 'issueCode',
    summary:
      'A one-time code for somebody else, who proves with it who they are. It is told this once (no Idempotency-Key: it could not be told again) and voids the one before.',
    path: api.PersonPath,
    query: api.NoQuery,
    answers: { 201: ['Issued', doing.IssuedCode] },
    problems: [404],
  },
  'GET /tasks': {
    id: 'listTasks',
    summary: 'What people have to do by hand: the open ones by the time they are due, then the closed ones.',
    query: doing.TasksQuery,
    answers: { 200: ['A page', doing.TaskList] },
  },
  'POST /tasks/{id}/completion': {
    id: 'completeTask',
    summary: 'Say that a task is done, with evidence, or that it cannot be done.',
    path: doing.TaskPath,
    query: api.NoQuery,
    body: doing.TaskCompletion,
    files: true,
    answers: { 200: ['The task, closed', doing.TaskView] },
    problems: [404, 409, 413, 422],
  },
  'GET /reconciliation': {
    id: 'reconcile',
    summary:
      'What a target holds against what is known here: drift, orphans, unmanaged accounts, what would be done.',
    query: ReconciliationQuery,
    answers: { 200: ['A page', Reconciliation] },
    problems: [409],
  },
  'POST /reconciliation/readings': {
    id: 'orderReading',
    summary: 'Have all accounts of a target read now.',
    query: api.NoQuery,
    body: ReadingOrder,
    files: true,
    answers: { 202: ['Going to be read', ReadingOrdered] },
    problems: [409, 413, 422],
  },
  'POST /reconciliation/uploads': {
    id: 'uploadAccounts',
    summary: 'Say which users a target has that only people can look at: all of them, each with its modules.',
    query: UploadQuery,
    body: z.array(UploadRow),
    csv: true,
    files: true,
    answers: { 200: ['What was taken, or every fault', UploadAnswer] },
    problems: [409, 413, 422],
  },
  'POST /reconciliation/adoptions': {
    id: 'adoptAccounts',
    summary: 'Take over accounts that were there before, each for the person a human says it belongs to.',
    query: api.NoQuery,
    body: AdoptionOrder,
    files: true,
    answers: { 200: ['What was adopted, and what was left as it is and why', AdoptionAnswer] },
    problems: [409, 413, 422],
  },
  'GET /audit': {
    id: 'readAudit',
    summary: 'Entries of the ledger, oldest first: by subject, actor, request, or at most 31 days.',
    query: api.AuditQuery,
    answers: { 200: ['A page', api.AuditPage] },
  },
  'GET /audit/verification': {
    id: 'verifyLedger',
    summary: 'Recompute every chain of the ledger.',
    query: api.NoQuery,
    answers: { 200: ['What was found', api.Verification] },
  },
  'GET /registers/{register}': {
    id: 'readRegister',
    summary:
      'A register as it stood on a day: mail addresses, domain users, permissions, removals, changes, visits. As CSV the next page is in a `Link` header.',
    path: registers.RegisterPath,
    query: registers.RegistersQuery,
    answers: { 200: ['A page', registers.RegisterPage] },
    csvAnswer: true,
    problems: [404, 406],
  },
  ...operationsOfDoors,
  'GET /targets': {
    id: 'listTargets',
    summary: 'Targets: mode, since when, by whom; work that waits, urgent, parked, accounts.',
    query: api.NoQuery,
    answers: { 200: ['Every target', doing.TargetList] },
  },
  'PUT /targets/{id}': {
    id: 'changeMode',
    summary:
      'Say what a target does from now on: report, work, wait, or hand tasks to people. What is asked for meanwhile waits.',
    path: doing.TargetPath,
    query: api.NoQuery,
    body: doing.ModeChange,
    answers: { 200: ['The target as it stands now', doing.TargetView] },
    problems: [404, 409, 413],
  },
  'GET /openapi.json': {
    id: 'describeApi',
    summary: 'This document.',
    open: true,
    answers: { 200: ['OpenAPI 3.1', anyDocument] },
  },
  'GET /health': {
    id: 'readHealth',
    summary: 'Liveness without detail.',
    open: true,
    answers: { 200: ['Alive', units.Health] },
  },
}

import { createBadgeStore } from '../stores/badges.ts'
import type { Convergence } from '../workflows/convergence-run.ts'
import { tendCard } from '../workflows/tend-card.ts'
import { settings, tables, worker } from './compose-worker.ts'

const cards = { ...worker, badges: createBadgeStore(tables, settings) }

/** What the worker of the doors does beside its target: cards are asked for and asked back. */
export const tending: Pick<Convergence, 'alongside'> = { alongside: run => tendCard(cards, run) }

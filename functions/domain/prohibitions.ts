import type { Code } from './texts/index.ts'

/**
 * What is read to a visitor before they enter, and accepted. The wording is ours: the regulation says what, not in which
 * words. Whoever changes a text raises the version, for each entry keeps which one was accepted.
 */
export const prohibitions = {
  version: '1',
  texts: [
    'visit.prohibits-food',
    'visit.prohibits-smoking',
    'visit.prohibits-photographs',
    'visit.prohibits-media',
    'visit.prohibits-connecting',
    'visit.prohibits-touching',
    'visit.prohibits-leaving-escort',
    'visit.prohibits-doors',
  ],
} as const satisfies { readonly version: string; readonly texts: readonly Code[] }

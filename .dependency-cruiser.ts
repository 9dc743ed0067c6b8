// Who may import whom. Each rule's `comment` is its reason; test/infra/boundaries.test.ts plants a violation of each one
// and sees it caught under its name. `.ci/boundaries.ts` runs them and refuses a run that saw fewer modules than there
// are files (with TypeScript 7 this tool cruises nothing and reports success).

import type { DependencyType, IConfiguration } from 'dependency-cruiser'

const compose = '^functions/handlers/compose[^/]*[.]ts$'

const anyPackage: DependencyType[] = [
  'npm',
  'npm-dev',
  'npm-peer',
  'npm-optional',
  'npm-no-pkg',
  'npm-unknown',
]

/** Any npm package but these, under whatever path it was resolved. */
const packagesBut = (...names: string[]) => ({
  dependencyTypes: anyPackage,
  pathNot: `node_modules/(${names.join('|')})/`,
})

export default {
  forbidden: [
    {
      name: 'schemas-know-nobody',
      severity: 'error',
      comment:
        'The vocabulary is what every other room and every client agrees on. If it leaned on code, the words would change with the code.',
      from: { path: '^schemas/' },
      to: { path: '^(functions|infra|test|events|docs|[.]ci)/' },
    },
    {
      name: 'schemas-are-only-zod',
      severity: 'error',
      comment:
        'A schema is data about data: with zod alone it loads in a handler, in the CDK app and in a test at the same cost.',
      from: { path: '^schemas/' },
      to: packagesBut('zod'),
    },
    {
      name: 'domain-knows-schemas-only',
      severity: 'error',
      comment:
        'A rule of the regulation must be readable, and testable by the thousand, without anything that looks or acts.',
      from: { path: '^functions/domain/' },
      to: { path: '^(functions|infra|test|events|docs|[.]ci)/', pathNot: '^functions/domain/' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment:
        'Rules have no clock, no I/O and no SDK: the calendar and the text of a hash are the only packages a rule needs.',
      from: { path: '^functions/domain/' },
      to: packagesBut('temporal-polyfill', 'canonicalize', 'zod'),
    },
    {
      name: 'domain-touches-no-machine',
      severity: 'error',
      comment:
        'Of the platform a rule may use the hash function (a value of its input) and nothing that reads a disk, a socket or a process.',
      from: { path: '^functions/domain/' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'workflows-know-rules-only',
      severity: 'error',
      comment:
        'A workflow is one verb over rules; the handler, the infrastructure and the tests are its users, never its parts.',
      from: { path: '^functions/workflows/' },
      to: {
        path: '^(functions|infra|test|events|docs|[.]ci)/',
        pathNot: '^functions/(workflows|domain|connectors|stores)/',
      },
    },
    {
      name: 'workflows-are-given-stores',
      severity: 'error',
      comment:
        'Stores come as arguments, so that a test (or a crash at any await) can stand in between: only their types may be imported.',
      from: { path: '^functions/workflows/' },
      to: { path: '^functions/stores/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-are-given-connectors',
      severity: 'error',
      comment:
        'Connectors come as arguments, and a workflow knows the contract only: it must not be able to tell one target from another.',
      from: { path: '^functions/workflows/' },
      to: { path: '^functions/connectors/', pathNot: '^functions/connectors/contract[.]ts$' },
    },
    {
      name: 'workflows-take-the-contract-as-types',
      severity: 'error',
      comment:
        'The contract is a promise between two rooms: a workflow reads its types and runs none of its code.',
      from: { path: '^functions/workflows/' },
      to: { path: '^functions/connectors/contract[.]ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workflows-speak-no-protocol',
      severity: 'error',
      comment:
        'An SDK or a driver inside a workflow is a store or a connector that was not given its own room.',
      from: { path: '^functions/workflows/' },
      to: {
        path: 'node_modules/(@aws-sdk|@aws-lambda-powertools|@middy|@smithy|ldapts|pg|pg-[^/]+|tedious|kysely|tarn)/',
      },
    },
    {
      name: 'connectors-know-no-other-room',
      severity: 'error',
      comment:
        'A connector looks and acts and decides nothing: it sees the vocabulary and pure rules. What it needs of the rest is given to it.',
      from: { path: '^functions/connectors/' },
      to: {
        path: '^(functions|infra|test|events|docs|[.]ci)/',
        pathNot: '^functions/(connectors|domain)/',
      },
    },
    {
      name: 'connectors-know-no-other-connector',
      severity: 'error',
      comment:
        'One folder a target, so that a body can be without any of them; two that share code would fail together.',
      from: { path: '^functions/connectors/([^/]+)/' },
      to: { path: '^functions/connectors/[^/]+/', pathNot: '^functions/connectors/$1/' },
    },
    {
      name: 'the-contract-knows-no-connector',
      severity: 'error',
      comment: 'What lies beside the folders is for all targets: it must not know one of them.',
      from: { path: '^functions/connectors/[^/]+$' },
      to: { path: '^functions/connectors/[^/]+/' },
    },
    {
      name: 'connectors-know-no-aws',
      severity: 'error',
      comment:
        'The same connector must run in a Lambda function and in an agent inside the body: secrets and settings are handed to it.',
      from: { path: '^functions/connectors/' },
      to: { path: 'node_modules/(@aws-sdk|@aws-lambda-powertools|@middy|@smithy)/' },
    },
    {
      name: 'stores-know-no-other-room',
      severity: 'error',
      comment:
        'A store keeps and finds rows; one that called a workflow or a connector would act behind the ledger.',
      from: { path: '^functions/stores/' },
      to: {
        path: '^(functions|infra|test|events|docs|[.]ci)/',
        pathNot: '^functions/(stores|domain)/',
      },
    },
    {
      name: 'only-compose-puts-together',
      severity: 'error',
      comment:
        'One place decides which store and which connector a function gets; a handler that built its own could not be run with another.',
      from: { path: '^functions/handlers/', pathNot: compose },
      to: { path: '^functions/(connectors|stores)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'handlers-leave-functions-alone',
      severity: 'error',
      comment: 'What is shipped to AWS holds nothing of how it was deployed, run on a laptop or tested.',
      from: { path: '^functions/handlers/' },
      to: { path: '^(infra|test|events|docs|[.]ci)/' },
    },
    {
      name: 'infra-sees-schemas-only',
      severity: 'error',
      comment:
        'The CDK app names functions by file; importing their code would make a deployment depend on running it.',
      from: { path: '^infra/' },
      to: { path: '^(functions|events|docs|[.]ci)/' },
    },
    {
      name: 'nobody-imports-the-laptop',
      severity: 'error',
      comment:
        "Product code has no 'if local': the laptop's cloud stands around the product and is invisible to it and to the CDK app.",
      from: { pathNot: '^(infra/local|test)/' },
      to: { path: '^infra/local/' },
    },
    {
      name: 'nobody-imports-tests',
      severity: 'error',
      comment:
        'Test code may be thrown away without the product noticing. The laptop plays doors with the device that the tests have: a second one would be another opinion of the protocol.',
      from: { pathNot: '^(test/|infra/local/doors[.]ts$)' },
      to: { path: '^test/' },
    },
    {
      name: 'environment-is-read-in-compose',
      severity: 'error',
      comment:
        'Two readers of the environment are two opinions of it. (biome refuses the global `process` in the same places.)',
      from: { path: '^functions/', pathNot: compose },
      to: { path: '^(node:)?process$' },
    },
    {
      name: 'functions-ship-declared-packages',
      severity: 'error',
      comment:
        'A function is bundled from `dependencies` alone; a dev dependency, or one that only npm happened to install, is not audited as shipped.',
      from: { path: '^(functions|schemas)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two files that need each other are one file, or three; neither can be read or tested alone.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'A file that imports nothing and that nobody imports is forgotten.',
      from: {
        orphan: true,
        pathNot: [
          '^infra/require-node[.]mjs$', // run by npm before every script, under whatever Node there is: it may import nothing
          '[.]d[.]ts$', // declarations are found by the compiler, not by an import
        ],
      },
      to: {},
    },
    {
      name: 'nothing-unresolvable',
      severity: 'error',
      comment: 'An import that the tool could not follow is an import that no rule was applied to.',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(cdk[.]out|[.]local|[.]cache|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
} satisfies IConfiguration

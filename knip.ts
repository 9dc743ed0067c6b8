import type { KnipConfig } from 'knip'

// Run twice: over everything, and with --production over the patterns that end in `!`, where code that only tests use is unused.
export default {
  entry: [
    'functions/handlers/*.ts!', // named by the CDK app as files, one Lambda function each
    '!functions/handlers/compose*.ts!',
    'infra/app.ts!', // named by cdk.json
    '.ci/*.ts', // named by package.json and .ci/run
  ],
  project: [
    '{schemas,functions,infra}/**/*.ts!',
    '!infra/local/**!',
    '{infra/local,test,.ci}/**/*.{ts,mjs}',
    '*.ts',
  ],
  ignoreExportsUsedInFile: true,
} satisfies KnipConfig

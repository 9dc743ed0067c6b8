import type { KnipConfig } from 'knip'

// Run twice: over everything, and with --production over the patterns that end in `!`, where code that only tests use is unused.
export default {
  entry: [
    'functions/handlers/*.ts!', // named by the CDK app as files, one Lambda function each
    '!functions/handlers/{compose,http}*.ts!',
    'infra/app.ts!', // named by cdk.json
    'infra/{synth,architecture,write-openapi}.ts!', // run by the laptop's cloud, and by `npm run generate`
    '.ci/*.ts', // named by package.json and .ci/run
  ],
  project: [
    '{schemas,functions,infra}/**/*.ts!',
    '!infra/local/**!',
    '{infra/local,test,.ci}/**/*.{ts,mjs}',
    '*.ts',
  ],
  ignoreBinaries: [
    'samba', // the tests' domain controller, from Debian's packages
    'samba-tool',
    'dovecot', // the tests' mail server, likewise
    'doveadm',
    'nginx', // the tests' relay of door controllers, likewise
    'openssl',
  ],
  ignoreExportsUsedInFile: true,
} satisfies KnipConfig

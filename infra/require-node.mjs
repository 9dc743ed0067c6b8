// Runs under whatever Node a machine has: says in one sentence what is missing, instead of a syntax error.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `Llavero needs Node 24, and this is Node ${process.versions.node}: npm was told to ignore install scripts, so the npm package "node" could not bring it. Run: npm ci --ignore-scripts=false`,
  )
  process.exit(1)
}

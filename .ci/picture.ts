// Shows in the README the picture that docs/architecture.md draws from the template. Part of `npm run generate`.
import { readFileSync, writeFileSync } from 'node:fs'

const fence = /```mermaid\n[\s\S]*?\n```/

/** The README with the generated picture in the place of the one it has. */
export function withPicture(readme: string, architecture: string): string {
  const picture = fence.exec(architecture)?.[0]
  if (picture === undefined || !fence.test(readme)) throw new Error('there is no picture to show')
  return readme.replace(fence, () => picture)
}

if (import.meta.main)
  writeFileSync(
    'README.md',
    withPicture(readFileSync('README.md', 'utf8'), readFileSync('docs/architecture.md', 'utf8')),
  )

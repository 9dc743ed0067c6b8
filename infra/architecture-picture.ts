/** What the picture needs to know of the template. */
export interface Picture {
  readonly routes: number
  /** In the order in which they stand side by side; `provisioning` has its own place below the tables. */
  readonly capabilities: readonly Capability[]
  readonly provisioning: Capability & { readonly sweeper: string }
  readonly targets: readonly {
    readonly id: string
    readonly worker: string
    readonly port: number
    /** Other targets whose doorbells its worker rings. */
    readonly rings: readonly string[]
  }[]
}

interface Capability {
  readonly title: string
  readonly functions: readonly string[]
  /** Has a route of the API. */
  readonly open: boolean
  /** What it does to each table, in words; empty = nothing. */
  readonly state: string
  readonly ledger: string
  readonly rings: boolean
}

const [width, margin, gap, line] = [1080, 30, 16, 22]
const colours = {
  frame: '#f1f4f9',
  edge: '#5b6b82',
  box: '#ffffff',
  table: '#dfe9d8',
  bell: '#fdf0d5',
  text: '#1c2733',
}

/** One SVG of the whole: callers above, the two tables as rails in the middle, targets below. No script, no font to load. */
export function drawPicture(picture: Picture): string {
  const frames: string[] = []
  const shapes: string[] = []
  const arrows: Arrow[] = []
  const inner = width - 2 * margin
  const count = picture.capabilities.length
  const column = (inner - gap * (count - 1)) / count
  const tallest = Math.max(...picture.capabilities.map(one => one.functions.length))

  const [apiTop, capabilityTop] = [74, 152]
  const capabilityHeight = 34 + tallest * line + 8
  const stateTop = capabilityTop + capabilityHeight + 62
  const ledgerTop = stateTop + 46
  const provisioningTop = ledgerTop + 106
  const bellTop = provisioningTop + 50
  const workerTop = bellTop + 96
  const provisioningHeight = workerTop - provisioningTop + 56
  const siteTop = provisioningTop + provisioningHeight + 52
  const height = siteTop + 92

  shapes.push(pill(width / 2 - 190, 16, 380, 30, 'unit heads, human resources, help desk, security'))
  arrows.push(arrow(vertical(width / 2, 46, apiTop), 'HTTPS, token of the body’s own issuer'))
  shapes.push(
    box(
      margin,
      apiTop,
      inner,
      36,
      colours.frame,
      `HTTP API: ${picture.routes} routes, token checked at the door`,
    ),
  )

  for (const [index, one] of picture.capabilities.entries()) {
    const x = margin + index * (column + gap)
    frames.push(frame(x, capabilityTop, column, capabilityHeight, one.title))
    for (const [row, name] of one.functions.entries())
      shapes.push(text(x + 16, capabilityTop + 48 + row * line, name, 'start', 'mono'))
    const bottom = capabilityTop + capabilityHeight
    if (one.open) arrows.push(arrow(vertical(x + column / 2, apiTop + 36, capabilityTop)))
    if (one.state) arrows.push(arrow(vertical(x + 16, bottom, stateTop), one.state))
    if (one.ledger)
      arrows.push(arrow(vertical(x + column / 2 - 6, bottom, ledgerTop), one.ledger, bottom + 46))
    if (one.rings) arrows.push(ring(vertical(x + column - 26, bottom, provisioningTop)))
  }

  shapes.push(
    box(
      margin,
      stateTop,
      inner,
      30,
      colours.table,
      'state table: what people should have, and what is still due',
    ),
  )
  shapes.push(
    box(
      margin,
      ledgerTop,
      inner,
      30,
      colours.table,
      'ledger table: every act, chained; nobody can update or delete',
    ),
  )

  const { provisioning, targets } = picture
  frames.push(frame(margin, provisioningTop, inner, provisioningHeight, provisioning.title))
  const [sweeperWidth, deadWidth] = [170, 150]
  const left = margin + 16 + sweeperWidth + 40
  const right = width - margin - 16 - deadWidth - 40
  const lane = (right - left - gap * (targets.length - 1)) / targets.length
  const laneOf = (id: string) => left + targets.findIndex(one => one.id === id) * (lane + gap)

  arrows.push(
    arrow(vertical(margin + 46, provisioningTop, ledgerTop + 30), provisioning.ledger, provisioningTop - 44),
  )
  arrows.push(
    arrow(vertical(margin + 172, provisioningTop, stateTop + 30), provisioning.state, provisioningTop - 22),
  )
  shapes.push(box(margin + 16, bellTop, sweeperWidth, 40, colours.box, provisioning.sweeper, 'mono'))
  shapes.push(pill(margin + 16 + 25, bellTop + 72, sweeperWidth - 50, 28, 'every minute'))
  arrows.push(arrow(vertical(margin + 16 + sweeperWidth / 2, bellTop + 72, bellTop + 40)))
  arrows.push(
    ring([
      [margin + 16 + sweeperWidth, bellTop + 20],
      [left - 12, bellTop + 20],
    ]),
  )

  shapes.push(
    `<rect x="${left - 12}" y="${bellTop - 12}" width="${right - left + 24}" height="64" rx="8" fill="none" stroke="${colours.edge}" stroke-dasharray="2 4"/>`,
  )
  for (const target of targets) {
    const x = laneOf(target.id)
    const middle = x + lane / 2
    shapes.push(box(x, bellTop, lane, 40, colours.bell, `${target.id}: normal, urgent`))
    shapes.push(box(x, workerTop, lane, 36, colours.box, target.worker, 'mono'))
    arrows.push(arrow(vertical(middle, bellTop + 52, workerTop)))
    for (const [nth, rung] of target.rings.entries()) {
      const to = laneOf(rung) + lane / 2 + (laneOf(rung) > x ? -lane / 4 : lane / 4)
      const level = workerTop - 22 + nth * 8
      const from = middle + (laneOf(rung) > x ? lane / 4 : -lane / 4)
      arrows.push(
        ring([
          [from, workerTop],
          [from, level],
          [to, level],
          [to, bellTop + 40],
        ]),
      )
    }
    shapes.push(pill(x + 14, siteTop + 16, lane - 28, 32, target.id))
    arrows.push(arrow(vertical(middle, workerTop + 36, siteTop + 16), `port ${target.port}`, siteTop - 16))
  }
  shapes.push(box(width - margin - 16 - deadWidth, bellTop, deadWidth, 40, colours.bell, 'dead letters'))
  arrows.push(
    ring([
      [right + 12, bellTop + 20],
      [width - margin - 16 - deadWidth, bellTop + 20],
    ]),
  )
  shapes.push(
    text(width - margin - 16 - deadWidth / 2, bellTop + 60, 'after five crashes', 'middle', 'small'),
  )
  frames.push(frame(left - 12, siteTop, right - left + 24, 84, 'the body’s own servers, through the VPN', 70))

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Architecture of Llavero">
<style>text{font:14px system-ui,sans-serif;fill:${colours.text}}.mono{font-family:ui-monospace,monospace;font-size:13px}.small{font-size:12px;fill:${colours.edge}}.title{font-weight:600}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="${colours.edge}"/></marker></defs>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${[...frames, ...arrows.map(one => one.path), ...shapes, ...arrows.map(one => one.label)].filter(Boolean).join('\n')}
</svg>
`
}

type Point = readonly [x: number, y: number]
interface Arrow {
  readonly path: string
  readonly label: string
}

function arrow(points: readonly Point[], label = '', labelAt?: number, dotted = false): Arrow {
  const [first = [0, 0]] = points
  const way = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('')
  const middle = labelAt ?? ((points[0]?.[1] ?? 0) + (points.at(-1)?.[1] ?? 0)) / 2
  return {
    path: `<path d="${way}" fill="none" stroke="${colours.edge}" stroke-width="1.4"${dotted ? ' stroke-dasharray="2 5"' : ''} marker-end="url(#head)"/>`,
    label: label === '' ? '' : text(first[0] + 7, middle + 4, label, 'start', 'small'),
  }
}

/** A doorbell: it says whom to look at, never what to do. */
const ring = (points: readonly Point[]) => arrow(points, '', undefined, true)

function box(x: number, y: number, w: number, h: number, fill: string, label: string, look = ''): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(w)}" height="${round(h)}" rx="6" fill="${fill}" stroke="${colours.edge}"/>${text(x + w / 2, y + h / 2 + 5, label, 'middle', look)}`
}

const pill = (x: number, y: number, w: number, h: number, label: string) =>
  box(x, y, w, h, colours.frame, label).replace('rx="6"', `rx="${h / 2}"`)

function frame(x: number, y: number, w: number, h: number, title: string, titleAt = 24): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(w)}" height="${round(h)}" rx="10" fill="${colours.frame}" stroke="${colours.edge}"/>${text(x + 14, y + titleAt, title, 'start', 'title')}`
}

function text(x: number, y: number, words: string, anchor: 'start' | 'middle', look = ''): string {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${look === '' ? '' : ` class="${look}"`}>${safe}</text>`
}

const vertical = (x: number, from: number, to: number): Point[] => [
  [x, from],
  [x, to],
]

const round = (value: number) => Math.round(value * 10) / 10

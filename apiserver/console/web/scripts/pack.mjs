// Puts the built console into ../dist, which Go embeds: each file, and each that gains from it compressed with Brotli and
// gzip. Prints the size of the first load, and fails if it is above the limit.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

// limit is the most that a browser may load before it shows the first screen, in bytes, compressed.
const limit = 120 * 1024
const from = 'build'
const to = '../dist'

const manifest = JSON.parse(readFileSync(join(from, '.vite/manifest.json'), 'utf8'))
const sizes = new Map()

for (const entry of readdirSync(to)) {
  if (entry !== '.placeholder') rmSync(join(to, entry), { recursive: true })
}
for (const path of files(from)) {
  const name = relative(from, path)
  if (name.startsWith('.vite')) continue
  const body = readFileSync(path)
  const target = join(to, name)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, body)
  const br = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length } })
  const gz = gzipSync(body, { level: 9 })
  if (br.length < body.length) writeFileSync(target + '.br', br)
  if (gz.length < body.length) writeFileSync(target + '.gz', gz)
  sizes.set(name, { plain: body.length, br: Math.min(br.length, body.length), gz: Math.min(gz.length, body.length) })
}

// What the first screen takes: the page, its entry, and the first screen with one language, each with all that they import.
const first = new Set(['index.html'])
for (const source of ['index.html', 'src/screens/Tasks.svelte', 'src/i18n/zh.ts']) add(source)
const total = (kind, names) => [...names].reduce((sum, name) => sum + (sizes.get(name)?.[kind] ?? 0), 0)
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`
console.log(`console: first load ${kib(total('br', first))} with Brotli, ${kib(total('gz', first))} with gzip (limit ${kib(limit)}); ` +
  `whole console ${kib(total('br', sizes.keys()))} with Brotli, in ${sizes.size} files`)
if (total('gz', first) > limit) {
  console.error('console: the first load is above the limit')
  process.exit(1)
}

function add(source, seen = new Set()) {
  const chunk = manifest[source]
  if (!chunk) throw new Error(`the build has no ${source}`)
  if (seen.has(source)) return
  seen.add(source)
  first.add(chunk.file)
  for (const css of chunk.css ?? []) first.add(css)
  for (const imported of chunk.imports ?? []) add(imported, seen)
}

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) yield* files(path)
    else yield path
  }
}

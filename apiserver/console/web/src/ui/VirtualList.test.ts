// The list in a real browser: what matters there is when the browser tells of what. Without a browser it is left out.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { chromium, type Browser, type Page } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const root = join(import.meta.dirname, '../..')

// script mounts a list of lines, whose rows and life the test changes.
const script = `
  import { createRawSnippet, flushSync, mount, unmount } from 'svelte'
  import VirtualList from '/src/ui/VirtualList.svelte'
  import { props } from '/src/ui/VirtualList.testing.svelte.ts'
  const lines = (from, to) => Array.from({ length: to - from }, (_, i) => from + i)
  window.told = []
  const row = createRawSnippet((value) => ({ render: () => '<div style="height: 20px"></div>', setup: (element) => { element.textContent = 'line ' + value() } }))
  const given = props({ rows: lines(0, 1000), key: (n) => n, estimate: 20, measured: true, label: 'Lines', row, onscroll: (atEnd) => window.told.push(atEnd) })
  const target = document.getElementById('list')
  const list = mount(VirtualList, { target, props: given })
  window.list = { ...list, rows: (from, to) => flushSync(() => (given.rows = lines(from, to))), remove: () => unmount(list) }
  window.frames = (n = 2) => new Promise((done) => { const next = () => (n-- ? requestAnimationFrame(next) : done()); next() })
`

describe.skipIf(!existsSync(executablePath))('VirtualList', () => {
  let server: ViteDevServer
  let browser: Browser
  let page: Page
  let failures: string[] = []

  beforeAll(async () => {
    const page = { name: 'page', configureServer: (server: ViteDevServer) => () => void server.middlewares.use((_, response) => {
      response.setHeader('Content-Type', 'text/html')
      response.end('<!doctype html><div id="list" style="height: 300px"></div><script type="module" src="/@id/list-test"></script>')
    }) }
    const source = { name: 'source', resolveId: (id: string) => (id === 'list-test' ? id : undefined), load: (id: string) => (id === 'list-test' ? script : undefined) }
    server = await createServer({ root, configFile: false, appType: 'custom', logLevel: 'error', plugins: [svelte(), source, page], server: { port: 0, hmr: false, watch: null } })
    await server.listen()
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  async function open() {
    failures = []
    page = await browser.newPage()
    page.on('pageerror', (err) => failures.push(String(err)))
    await page.goto(server.resolvedUrls!.local[0]!)
    await page.getByText('line 0', { exact: true }).waitFor({ timeout: 60_000 })
  }
  // inPage runs code in the page, which knows what the script set.
  const inPage = <T>(code: string) => page.evaluate(code) as Promise<T>

  it('is silent when it is removed before the browser tells of its scroll', async () => {
    await open()
    const told = await inPage<boolean[]>(`(async () => {
      const scroller = document.querySelector('.scroller')
      scroller.scrollTop = 400
      await frames()
      const before = told.length
      scroller.scrollTop = 800
      list.remove()
      await frames(4)
      return told.slice(before)
    })()`)
    expect(failures).toEqual([])
    expect(told).toEqual([])
  }, 120_000)

  it('goes on with other rows where it is', async () => {
    await open()
    await inPage<void>(`(async () => {
      document.querySelector('.scroller').scrollTop = 4000
      for (let i = 1; i <= 5; i++) { await frames(); list.rows(0, 1000 + i) }
    })()`)
    await page.getByText('line 205', { exact: true }).waitFor()
    expect(failures).toEqual([])
  }, 120_000)

  it('keeps the row at the top when rows come before it', async () => {
    await open()
    const [before, after] = await inPage<[number, number]>(`(async () => {
      const scroller = document.querySelector('.scroller')
      const place = () => [...document.querySelectorAll('.at')].find((at) => at.textContent === 'line 300').getBoundingClientRect().top
      scroller.scrollTop = 300 * 20 + 7
      await frames(4)
      const before = place()
      await list.keep(async () => { list.rows(-400, 1000); await frames(1) })
      await frames(4)
      return [before, place()]
    })()`)
    expect(Math.abs(after - before)).toBeLessThan(2)
    expect(failures).toEqual([])
  }, 120_000)
})

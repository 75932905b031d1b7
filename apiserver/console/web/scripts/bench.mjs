// Measures the console in headless Chromium. hack/bench/console runs it, with its settings as JSON in the first argument.
// It prints JSON: {"open":true} when its pages are left open, {"open":false} when that is measured, and the figures at the end.
import { chromium } from 'playwright-core'

const settings = JSON.parse(process.argv[2])
const { origin, rounds, lines, executions, longRun, liveRun, openFor } = settings
// told says on the error output what was measured, so that a later failure does not hide it.
const told = (what) => (console.error(JSON.stringify(what)), what)
const say = (message) => process.stdout.write(JSON.stringify(message) + '\n')

const browser = await chromium.launch({ executablePath: settings.chromium, args: ['--no-sandbox'] })
process.on('SIGINT', () => void browser.close().finally(() => process.exit(130)))

// visit opens a page in a browser profile of its own, with a channel to the browser's own tools.
async function visit(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', ...options })
  context.setDefaultTimeout(120_000)
  const page = await context.newPage()
  const tools = await context.newCDPSession(page)
  await page.addInitScript(painted)
  const failures = []
  page.on('pageerror', (err) => failures.push(String(err)))
  if (path) await page.goto(`${origin}/console/${path}`)
  return { context, page, tools, failures, path }
}

async function leave({ context, failures, path }) {
  await context.close()
  if (failures.length) throw new Error(`${path}: ${failures.join('; ')}`)
}

// painted runs in each page before it loads: whenPainted returns the time, in milliseconds since the navigation, of the first
// frame after which a condition holds.
function painted() {
  window.whenPainted = (condition, limit = 60_000) =>
    new Promise((resolve, reject) => {
      const begun = performance.now()
      const look = () => {
        if (condition()) requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
        else if (performance.now() - begun > limit) reject(new Error(`within ${limit} ms it was not shown: ${condition}`))
        else requestAnimationFrame(look)
      }
      look()
    })
  window.isShown = (element) => {
    if (!element) return false
    const { top, bottom } = element.getBoundingClientRect()
    return bottom > 0 && top < innerHeight
  }
  // keep records all requests: the browser keeps only the first 250.
  performance.setResourceTimingBufferSize(10_000)
}

// heap returns the memory of the JavaScript objects and of the page, in bytes.
async function heap(tools, collect) {
  if (collect) for (let i = 0; i < 2; i++) await tools.send('HeapProfiler.collectGarbage')
  const { usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 } = await tools.send('Runtime.getHeapUsage')
  return usedSize + embedderHeapUsedSize + backingStorageSize
}

async function nodes(tools) {
  const { metrics } = await tools.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'Nodes').value
}

// firstLoad counts the bytes of the console's files, as they were sent, until the first screen is shown.
async function firstLoad(encoding) {
  const at = await visit('', { extraHTTPHeaders: { 'Accept-Encoding': encoding } })
  const sizes = new Map()
  at.tools.on('Network.responseReceived', ({ requestId, response }) => response.url.startsWith(`${origin}/console/`) && sizes.set(requestId, 0))
  at.tools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => sizes.has(requestId) && sizes.set(requestId, encodedDataLength))
  await at.tools.send('Network.enable')
  await at.page.goto(`${origin}/console/`)
  await at.page.waitForSelector('.line[role=row]:not(.head)')
  while ([...sizes.values()].includes(0)) await new Promise((resolve) => setTimeout(resolve, 50))
  await leave(at)
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

async function log() {
  const found = { afterAnswer: [], withRequest: [], heap: 0, settled: 0, scrolled: 0, linesRead: 0 }
  for (let i = 0; i < rounds; i++) {
    const at = await visit(`runs/${longRun}/log`)
    const [shown, answered, asked] = await at.page.evaluate(async (last) => {
      const shown = await window.whenPainted(() => [...document.querySelectorAll('[role=log] .line')].some((line) => line.textContent.includes(`line ${last}:`) && window.isShown(line)))
      const answer = performance.getEntriesByType('resource').find(({ name }) => name.includes('before=end'))
      return [shown, answer.responseEnd, answer.requestStart]
    }, lines)
    found.afterAnswer.push(shown - answered)
    found.withRequest.push(shown - asked)
    found.heap = Math.max(found.heap, await heap(at.tools, false))
    found.settled = Math.max(found.settled, await heap(at.tools, true))
    if (i === rounds - 1) await scrollBack(at, found)
    await leave(at)
  }
  return found
}

// scrollBack scrolls up through pages of the log.
async function scrollBack({ page, tools }, found) {
  const first = () => page.evaluate(() => Math.min(...[...document.querySelectorAll('[role=log] .line')].map((line) => Number(/line (\d+):/.exec(line.textContent)?.[1]))))
  const goal = Math.max(1, lines - 20_000)
  while ((await first()) > goal) {
    const before = await first()
    await page.evaluate(() => (document.querySelector('[role=log]').scrollTop = 0))
    await page.waitForFunction((before) => Math.min(...[...document.querySelectorAll('[role=log] .line')].map((line) => Number(/line (\d+):/.exec(line.textContent)?.[1]))) < before, before)
  }
  found.linesRead = lines - (await first())
  found.scrolled = await heap(tools, true)
}

async function search() {
  const found = { times: [], answer: [], matches: 0, lines: 0 }
  for (let i = 0; i < rounds; i++) {
    const at = await visit(`runs/${longRun}/log`)
    await at.page.waitForSelector('[role=log] .line')
    const box = at.page.locator('input[type=search]').first()
    await box.fill('needle')
    await at.page.evaluate(() => addEventListener('keydown', (event) => (window.pressed = event.timeStamp), { capture: true, once: true }))
    const done = at.page.evaluate(async () => {
      const shown = await window.whenPainted(() => window.pressed && document.querySelector('aside .match') && /in [1-9]/.test(document.querySelector('aside [role=status]').textContent))
      const answers = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/search?'))
      return [shown - window.pressed, document.querySelector('aside [role=status]').textContent, answers.reduce((sum, { requestStart, responseEnd }) => sum + responseEnd - requestStart, 0)]
    })
    await box.press('Enter')
    const [took, text, answer] = await done
    const [matches, searched] = text.replaceAll(',', '').match(/\d+/g).map(Number)
    Object.assign(found, { matches, lines: searched })
    found.times.push(took)
    found.answer.push(answer)
    await leave(at)
  }
  return found
}

async function list() {
  const at = await visit('runs')
  const { page, tools } = at
  await page.waitForSelector('.rows .line')
  const few = await heap(tools, true)
  const known = () => page.evaluate(() => document.querySelector('.rows [role=list]').scrollHeight / 40)
  const more = () => page.evaluate(() => document.querySelector('main').textContent.includes('More are loaded'))
  let runs = await known()
  while (await more()) {
    await page.evaluate(() => { const list = document.querySelector('.rows [role=list]'); list.scrollTop = list.scrollHeight })
    await page.waitForFunction((runs) => document.querySelector('.rows [role=list]').scrollHeight / 40 > runs || !document.querySelector('main').textContent.includes('More are loaded'), runs)
    runs = await known()
  }
  const many = await heap(tools, true)
  const filter = []
  for (let i = 0; i < rounds; i++) {
    for (const chosen of [true, false]) {
      const button = page.locator('[role=group] button').nth(2)
      await page.evaluate(() => addEventListener('click', (event) => (window.clicked = event.timeStamp), { capture: true, once: true }))
      const done = page.evaluate((chosen) => {
        window.clicked = 0
        return window.whenPainted(() => {
          const shown = [...document.querySelectorAll('.rows .line .status')]
          return window.clicked && shown.length > 10 && shown.every((status) => status.classList.contains('failed')) === chosen
        }).then((at) => at - window.clicked)
      }, chosen)
      await button.click()
      const took = await done
      if (chosen) filter.push(took)
    }
  }
  await leave(at)
  return { runs: Math.round(runs), filter, few, many }
}

// open leaves pages open while runs change and a log grows.
async function open() {
  const pages = [
    ['history', await visit('runs'), '.rows .line'],
    ['tasks', await visit('tasks'), '.line[role=row]:not(.head)'],
    ['followed log', await visit(`runs/${liveRun}/log`), '[role=log] .line'],
  ]
  for (const [, { page, tools }, ready] of pages) {
    await page.waitForSelector(ready)
    await tools.send('Performance.enable')
  }
  const found = pages.map(([page]) => ({ page, heaps: [], nodes: [] }))
  say({ open: true })
  const samples = 40
  const begun = Date.now()
  for (let i = 1; i <= samples; i++) {
    await new Promise((resolve) => setTimeout(resolve, begun + (i * openFor) / samples - Date.now()))
    for (const [j, [, { tools }]] of pages.entries()) {
      found[j].heaps.push(await heap(tools, true))
      found[j].nodes.push(await nodes(tools))
    }
  }
  say({ open: false })
  for (const [, at] of pages) await leave(at)
  return found
}

try {
  const figures = { browser: `Chromium ${browser.version()}`, firstLoad: {} }
  if (!settings.onlyOpen) {
    for (const encoding of ['br', 'gzip']) figures.firstLoad[encoding] = await firstLoad(encoding)
    figures.log = told(await log())
    figures.search = told(await search())
    figures.list = told(await list())
    if (figures.list.runs < executions) throw new Error(`only ${figures.list.runs} of ${executions} runs could be scrolled to`)
  }
  figures.open = await open()
  say({ figures })
} finally {
  await browser.close()
}

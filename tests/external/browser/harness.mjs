// Runs the flows: each gets a server of its own, a browser, and phones in it. A flow fails if it throws, and also
// if a page of it logs an error, breaks its Content-Security-Policy, or asks another host for something.
//
// A flow is a file in flows/ that exports `default async (t) => …`, where `t` is a Story. It may export `flags`: the
// server's flags, or a function that returns them and is given an empty folder. With `accounts = true` the server has
// a folder for data.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Switchboard } from '../../../src/web/client.js'
import { Server } from '../server.mjs'
import { Crowd } from './crowd.mjs'

const { chromium } = createRequire(join(process.env.NODE_PACKAGES, 'x'))('playwright-core')
const HERE = fileURLToPath(new URL('.', import.meta.url))
const FAILURES = join(process.env.EXTERNAL_CACHE, 'browser-failures')
const PATIENCE = 20_000 // for one event, in milliseconds
const FLOW_PATIENCE = Number(process.env.FLOW_SECONDS ?? 120) * 1000
// No secure context, as on a local network: there the page has to work, too.
const HOST = 'chat.test'

/** What a flow has. */
class Story {
  #errors = []
  #friends = []
  #crowds = []
  #contexts = []
  #isRough = false

  constructor(browser, server, packages) {
    this.browser = browser
    this.server = server
    /** The folder of npm's packages, with axe-core among them. */
    this.packages = packages
  }

  /** The server's address under a name: for browsers this is no secure context. */
  get url() {
    return `http://${HOST}:${this.server.port}`
  }

  /** The server's address on this machine, which is a secure context: service workers and notifications. */
  get localUrl() {
    return `http://127.0.0.1:${this.server.port}`
  }

  /** A page in a browser of its own, that has opened the server's address, unless `opens` is false. Other options are
   *  those of a context. */
  async newPage({ url = this.url, opens = true, width = 360, height = 740, ...options } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, ...options })
    this.#contexts.push(context)
    context.setDefaultTimeout(PATIENCE)
    context.on('page', (page) => this.#watch(page, url))
    const page = await context.newPage()
    if (opens) await page.goto(url)
    return page
  }

  /** The same, with a number that has come in: what `phone.mjs` does. */
  async newPhone(number, options) {
    const { Phone } = await import('./phone.mjs')
    return Phone.enter(await this.newPage(options), number)
  }

  /** The same, with an account that is new. The server needs `accounts = true`. */
  async newUser(name, options = {}) {
    const { User } = await import('./phone.mjs')
    return User.register(await this.newPage(options), name, options)
  }

  /** Somebody without a browser: a client of ours that keeps all frames, in `frames`. */
  async newFriend(number, { query = 'presence=delta', ...options } = {}) {
    const friend = new Switchboard({ url: () => `ws://127.0.0.1:${this.server.port}/ws/${number}?${query}`, ...options })
    friend.frames = []
    friend.addEventListener('frame', ({ detail }) => friend.frames.push(detail))
    this.#friends.push(friend)
    friend.start()
    await this.until(() => friend.state === 'open', `${number} is connected`)
    return friend
  }

  /** This many people without browsers, who only are online: `numbers`, and `leave()`. The server needs the flag
   *  `--max-connections-per-address off` for more than 1,000. */
  async newCrowd(count) {
    const crowd = new Crowd(this.server.port, count)
    this.#crowds.push(crowd)
    await crowd.come()
    return crowd
  }

  /** Ends the server without a word. From now on, pages may log that the network has failed. */
  async kill() {
    this.#isRough = true
    await this.server.end('SIGKILL')
  }

  /** Ends the server in good order. */
  async drain() {
    this.#isRough = true
    await this.server.end('SIGTERM')
  }

  /** Starts the server again, at the same address. */
  async restart() {
    await this.server.start()
  }

  /** Pages may fail to reach the server from now on: their browser is offline, or they are refused. */
  expectNetworkErrors() {
    this.#isRough = true
  }

  /** Waits until something holds, and returns it. */
  async until(holds, what) {
    const end = Date.now() + PATIENCE
    for (;;) {
      const value = await holds()
      if (value) return value
      if (Date.now() > end) throw new Error(`never: ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Fails if two things differ. */
  same(found, expected, what) {
    const [left, right] = [JSON.stringify(found), JSON.stringify(expected)]
    if (left !== right) throw new Error(`${what}: ${left} is not ${right}`)
  }

  /** Fails if something does not hold. */
  holds(condition, what) {
    if (!condition) throw new Error(`this does not hold: ${what}`)
  }

  #watch(page, url) {
    const ours = new URL(url).host
    page.on('pageerror', (error) => this.#errors.push(`error: ${error.stack ?? error}`))
    page.on('console', (message) => {
      const text = message.text()
      const isNetwork = /WebSocket connection to|net::ERR_|Failed to load resource/.test(text)
      // A page without an icon of its own is asked for one.
      const isIcon = message.location().url.endsWith('/favicon.ico')
      const isExpected = isIcon || (this.#isRough && isNetwork)
      if (message.type() === 'error' && !isExpected) this.#errors.push(`console: ${text}`)
    })
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url())
      const isForeign = !['data:', 'blob:'].includes(protocol) && host !== ours
      if (isForeign) this.#errors.push(`a request to another host: ${request.url()}`)
    })
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== ours) this.#errors.push(`a WebSocket to another host: ${socket.url()}`)
    })
  }

  /** Ends everything. Returns what the pages have done wrong. */
  async end(name, hasFailed) {
    for (const friend of this.#friends) friend.stop()
    for (const crowd of this.#crowds) crowd.leave()
    const pages = this.#contexts.flatMap((context) => context.pages())
    if (hasFailed || this.#errors.length > 0) {
      mkdirSync(FAILURES, { recursive: true })
      for (const [at, page] of pages.entries()) {
        const path = join(FAILURES, `${name}-${at}.png`)
        await page.screenshot({ path }).catch(() => {})
      }
    }
    await Promise.all(this.#contexts.map((context) => context.close()))
    return this.#errors
  }
}

/** Runs a flow, and returns what is wrong. */
async function run(browser, name) {
  const flow = await import(pathToFileURL(join(HERE, 'flows', `${name}.mjs`)))
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-browser-'))
  const flags = typeof flow.flags === 'function' ? flow.flags(folder) : (flow.flags ?? [])
  const data = join(folder, 'data')
  if (flow.accounts) mkdirSync(data)
  const server = new Server([...flags, ...(flow.accounts ? ['--data', data] : [])])
  await server.start()
  const story = new Story(browser, server, process.env.NODE_PACKAGES)
  const wrong = []
  let timer
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${FLOW_PATIENCE} ms`)), FLOW_PATIENCE)
    })
    await Promise.race([flow.default(story), late])
  } catch (error) {
    wrong.push(error.stack ?? String(error))
  }
  clearTimeout(timer)
  wrong.push(...(await story.end(name, wrong.length > 0)))
  await server.end('SIGKILL')
  rmSync(folder, { recursive: true })
  return wrong
}

async function main(names) {
  const all = readdirSync(join(HERE, 'flows')).filter((file) => file.endsWith('.mjs'))
  const chosen = names.length > 0 ? names : all.map((file) => basename(file, '.mjs')).sort()
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // As root there is no sandbox. The name is this machine.
    args: ['--no-sandbox', `--host-resolver-rules=MAP ${HOST} 127.0.0.1`],
  })
  let failed = 0
  for (const name of chosen) {
    const start = Date.now()
    const wrong = await run(browser, name)
    const took = ((Date.now() - start) / 1000).toFixed(1)
    console.log(`browser: ${name} ${wrong.length > 0 ? 'FAILED' : 'ok'} (${took} s)`)
    for (const line of wrong.slice(0, 10)) console.log(`  ${line.replaceAll('\n', '\n  ')}`)
    failed += wrong.length > 0 ? 1 : 0
  }
  await browser.close()
  console.log(`browser: ${chosen.length - failed} of ${chosen.length} flows passed`)
  if (failed > 0) console.log(`browser: pictures of those that failed are in ${FAILURES}`)
  process.exit(failed > 0 ? 1 : 0)
}

await main(process.argv.slice(2))

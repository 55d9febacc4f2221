// What client.js does, beside a server and a clock that the test plays: nothing here waits, and nothing is random.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Switchboard, randomId } from '../../../src/web/client.js'

const ME = '0012345678'
const BOB = '0087654321'
const EVE = '0055555555'

/** A client in a world of its own. */
class World {
  now = 1_000_000
  sockets = []
  timers = new Map()
  events = []
  answers = {} // path → [status, body], for `fetch`
  asked = []
  #next = 0

  constructor({ url = `ws://server/ws/${ME}?presence=delta`, ...options } = {}) {
    const world = this
    class Socket {
      readyState = 0
      sent = []
      constructor(url, protocols) {
        Object.assign(this, { url, protocols })
        world.sockets.push(this)
      }
      send(text) {
        assert.equal(this.readyState, 1, 'nothing is sent on a socket that is not open')
        this.sent.push(JSON.parse(text))
      }
      close(code) {
        this.readyState = 3
        this.closedWith = code
      }
    }
    this.client = new Switchboard({
      url,
      WebSocket: Socket,
      now: () => this.now,
      random: () => 0.5,
      setTimeout: (run, length) => {
        this.timers.set(++this.#next, { at: this.now + length, run })
        return this.#next
      },
      clearTimeout: (timer) => this.timers.delete(timer),
      fetch: async (address) => {
        const { pathname } = new URL(address)
        this.asked.push(pathname)
        if (!this.answers[pathname]) throw new TypeError('there is no server')
        const [status, body] = this.answers[pathname]
        return { status, json: async () => body }
      },
      ...options,
    })
    for (const name of ['state', 'frame', 'presence', 'status', 'storage']) {
      this.client.addEventListener(name, ({ detail }) => this.events.push([name, detail]))
    }
  }

  get socket() {
    return this.sockets.at(-1)
  }

  /** What was sent on the newest socket since the last call. */
  sent() {
    return this.socket.sent.splice(0)
  }

  of(name) {
    return this.events.filter(([one]) => one === name).map(([, detail]) => detail)
  }

  statuses(id) {
    return this.of('status').filter((one) => one.id === id).map(({ status }) => status)
  }

  /** Lets what is promised happen. */
  async settle() {
    for (let turns = 0; turns < 20; turns++) await null
  }

  /** Starts, or goes on until the next connection; the server then sends its first frame. */
  async connect(first = { type: 'online_users', users: [ME, BOB] }) {
    if (this.client.state === 'closed') this.client.start()
    await this.settle()
    this.socket.readyState = 1
    this.socket.onopen?.({})
    if (first) this.say(first)
    return this
  }

  say(frame) {
    this.socket.onmessage?.({ data: JSON.stringify(frame) })
  }

  /** The server's side, or the network, ends the connection. */
  end(code = 1006, reason = '') {
    this.socket.readyState = 3
    this.socket.onclose?.({ code, reason })
  }

  /** Lets time pass, timer by timer. */
  async pass(length) {
    const end = this.now + length
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0]
      if (!due) break
      this.timers.delete(due[0])
      this.now = Math.max(this.now, due[1].at)
      due[1].run()
      await this.settle()
    }
    this.now = end
  }

  /** The computer sleeps: time passes, and no timer fires before its end. */
  async sleep(length) {
    this.now += length
    await this.pass(0)
  }
}

const message = (to, text, id) => ({ type: 'message', to, text, id })

test('it is open when the first frame is here, and sends nothing before', async () => {
  const world = new World()
  world.client.message({ to: BOB, text: 'early', id: 'a' })
  world.client.start()
  await world.settle()
  world.socket.readyState = 1
  world.socket.onopen({})
  assert.equal(world.client.state, 'connecting')
  assert.equal(world.client.send({ type: 'typing', to: BOB, is_typing: true }), false)
  assert.deepEqual(world.sent(), [])
  world.say({ type: 'online_users', users: [ME, BOB] })
  assert.equal(world.client.state, 'open')
  assert.deepEqual(world.sent(), [message(BOB, 'early', 'a')])
  assert.equal(world.client.send({ type: 'typing', to: BOB, is_typing: true }), true)
})

test('without a list it is open at once', async () => {
  const world = new World({ url: `ws://server/ws/${ME}?presence=none` })
  await world.connect(null)
  assert.equal(world.client.state, 'open')
})

test('with switchboard.v1 it is open at the welcome, and the subprotocol is offered', async () => {
  const world = new World({ url: 'ws://server/ws?token=t&presence=none', protocols: ['switchboard.v1'] })
  await world.connect(null)
  assert.deepEqual(world.socket.protocols, ['switchboard.v1'])
  assert.equal(world.client.state, 'connecting')
  world.say({ type: 'welcome', user: 'ada', server: '1' })
  assert.equal(world.client.state, 'open')
})

test('a message is told from the queue to its delivery, and has an id', async () => {
  const world = await new World().connect()
  const id = world.client.message({ to: BOB, text: 'hello' })
  assert.match(id, /^[0-9a-f]{24}$/)
  assert.deepEqual(world.sent(), [message(BOB, 'hello', id)])
  world.say({ type: 'ack', id, status: 'delivered' })
  assert.deepEqual(world.statuses(id), ['queued', 'sent', 'delivered'])
  assert.deepEqual(world.client.queue, [])
})

test('what has no answer is sent again after a reconnect, in its order, and what has one is not', async () => {
  const world = await new World().connect()
  for (const id of ['a', 'b', 'c']) world.client.message({ to: BOB, text: id, id })
  world.say({ type: 'ack', id: 'b', status: 'delivered' })
  world.end()
  world.client.message({ to: BOB, text: 'd', id: 'd' })
  await world.pass(1000)
  await world.connect()
  assert.deepEqual(world.sent().map(({ id }) => id), ['a', 'c', 'd'])
  assert.deepEqual(world.statuses('a'), ['queued', 'sent', 'queued', 'sent'])
})

test('messages to somebody who is away wait until they come, in their order, and hold up nobody else', async () => {
  const world = await new World().connect({ type: 'online_users', users: [ME, EVE] })
  world.client.message({ to: BOB, text: '1', id: '1' })
  world.say({ type: 'ack', id: '1', status: 'offline' })
  world.sent()
  world.client.message({ to: BOB, text: '2', id: '2' })
  world.client.message({ to: EVE, text: '3', id: '3' })
  assert.deepEqual(world.sent().map(({ id }) => id), ['3'])
  assert.deepEqual([world.statuses('1').at(-1), world.statuses('2').at(-1)], ['offline', 'offline'])
  world.say({ type: 'presence', joined: [BOB], left: [], online: 3 })
  assert.deepEqual(world.sent().map(({ id }) => id), ['1', '2'])
})

test('after a reconnect, the list says whose messages go and whose wait', async () => {
  const world = await new World().connect({ type: 'online_users', users: [ME, BOB, EVE] })
  world.client.message({ to: BOB, text: '1', id: '1' })
  world.client.message({ to: EVE, text: '2', id: '2' })
  world.end()
  await world.pass(1000)
  await world.connect({ type: 'online_users', users: [ME, EVE] })
  assert.deepEqual(world.sent().map(({ id }) => id), ['2'])
  assert.equal(world.statuses('1').at(-1), 'offline')
  world.say({ type: 'presence', joined: [BOB], left: [], online: 3 })
  assert.deepEqual(world.sent().map(({ id }) => id), ['1'])
})

test('where nobody tells who comes, it tries again, less and less often', async () => {
  const world = new World({ url: `ws://server/ws/${ME}?presence=none` })
  await world.connect(null)
  world.client.message({ to: BOB, text: '1', id: '1' })
  const waits = []
  for (let round = 0; round < 8; round++) {
    assert.deepEqual(world.sent().filter(({ type }) => type === 'message').length, 1)
    world.say({ type: 'ack', id: '1', status: 'offline' })
    const since = world.now
    while (!world.socket.sent.some(({ type }) => type === 'message')) {
      await world.pass(1000)
      world.say({ type: 'pong' })
    }
    waits.push((world.now - since) / 1000)
  }
  // Three quarters of 30 s, doubled each time, up to 600 s.
  assert.deepEqual(waits, [23, 45, 90, 180, 360, 450, 450, 450])
})

test('one who is there but did not take it is tried again, though no news will come', async () => {
  const world = await new World().connect()
  world.client.message({ to: BOB, text: '1', id: '1' })
  world.sent()
  world.say({ type: 'undelivered', to: BOB, reason: 'slow', id: '1' })
  assert.equal(world.statuses('1').at(-1), 'offline')
  await world.pass(20_000)
  assert.deepEqual(world.sent(), [])
  await world.pass(3000)
  assert.deepEqual(world.sent().map(({ id }) => id), ['1'])
})

test('a refused message is not sent again, and one that the server cannot take now is', async () => {
  const world = new World({ url: 'ws://server/ws?token=t', protocols: ['switchboard.v1'] })
  await world.connect({ type: 'welcome', user: 'ada', server: '1' })
  world.client.message({ text: '1', id: '1' })
  world.client.message({ text: '2', id: '2' })
  world.sent()
  world.say({ type: 'error', id: '1', code: 'text_too_long', detail: 'too long' })
  assert.deepEqual(world.of('status').at(-1), { id: '1', status: 'error', code: 'text_too_long', detail: 'too long' })
  world.say({ type: 'error', id: '2', code: 'busy', detail: 'later' })
  assert.equal(world.statuses('2').at(-1), 'offline')
  await world.pass(24_000)
  assert.deepEqual(world.sent().map(({ id }) => id), ['2'])
})

test('with accounts a message is done when it is stored, and may be delivered after that', async () => {
  const world = new World({ url: 'ws://server/ws?token=t', protocols: ['switchboard.v1'] })
  await world.connect({ type: 'welcome', user: 'ada', server: '1' })
  world.client.message({ to: 'bob', text: '1', id: '1' })
  world.say({ type: 'ack', id: '1', mid: '7', ts: 5, status: 'stored' })
  assert.deepEqual(world.client.queue, [])
  world.say({ type: 'ack', id: '1', mid: '7', ts: 5, status: 'delivered' })
  assert.deepEqual(world.statuses('1'), ['queued', 'sent', 'stored', 'delivered'])
  assert.equal(world.of('status').at(-1).mid, '7')
})

test('a question gets the frame with its id, an error, or the end of the connection', async () => {
  const world = new World({ url: 'ws://server/ws?token=t', protocols: ['switchboard.v1'] })
  await assert.rejects(world.client.ask({ type: 'rooms' }), { code: 'disconnected' })
  await world.connect({ type: 'welcome', user: 'ada', server: '1' })
  const rooms = world.client.ask({ type: 'rooms' })
  const [{ id }] = world.sent()
  world.say({ type: 'rooms', rooms: [], id })
  assert.deepEqual(await rooms, { type: 'rooms', rooms: [], id })
  const refused = world.client.ask({ type: 'history', room: 'x', id: 'h' })
  world.say({ type: 'error', id: 'h', code: 'not_a_member', detail: 'only members' })
  await assert.rejects(refused, { code: 'not_a_member', message: 'only members' })
  const lost = world.client.ask({ type: 'rooms' })
  world.end()
  await assert.rejects(lost, { code: 'disconnected' })
})

test('the waits grow with full jitter, and begin anew after a stable connection', async () => {
  const world = await new World().connect()
  const waits = []
  for (let round = 0; round < 9; round++) {
    world.end()
    waits.push(world.client.retryAt - world.now)
    await world.pass(world.client.retryAt - world.now)
    await world.settle()
  }
  // `random` is always a half: the bounds are 1, 2, 4 … 60 s.
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  await world.connect()
  await world.pass(20_000)
  world.say({ type: 'pong' })
  await world.pass(10_000)
  world.end()
  assert.equal(world.client.retryAt - world.now, 500)
})

test('what the server says about the time comes on top', async () => {
  const world = await new World().connect()
  world.end(1001, 'the server is shutting down retry_after_ms=7000')
  assert.equal(world.client.retryAt - world.now, 7500)
  await world.pass(7500)
  await world.connect()
  world.end(1008, 'too many messages')
  assert.equal(world.client.retryAt - world.now, 61_000)
})

/** The codes of the table in CLIENTS.md whose last cell begins so. */
function codes(advice) {
  const page = readFileSync(new URL('../../../src/dialects/CLIENTS.md', import.meta.url), 'utf8')
  const table = page.split('## After a close')[1].split('\n## ')[0]
  const rows = [...table.matchAll(/^\| (\d{4}) \|.*\| ([^|]+) \|$/gm)]
  assert.ok(rows.length > 12, 'the table is not all there')
  return rows.filter(([, , cell]) => cell.startsWith(advice)).map(([, code]) => Number(code))
}

test('some closes are final until the person starts again, and it comes back after the others', async () => {
  for (const code of [...codes('stop'), 4999]) {
    const world = await new World().connect()
    world.end(code, 'why')
    assert.deepEqual([world.client.state, world.client.reason], ['closed', { code, text: 'why' }])
    world.client.tryNow()
    await world.pass(600_000)
    assert.equal(world.sockets.length, 1, `${code}: it came back`)
    await world.connect()
    assert.equal(world.client.state, 'open')
  }
  for (const code of [...codes('come back'), 1012, 3000]) {
    const world = await new World().connect()
    world.end(code)
    assert.equal(world.client.state, 'waiting', `${code}: it does not come back`)
  }
})

test('a silent server is noticed, whatever the network says', async () => {
  const world = await new World().connect()
  await world.pass(25_000)
  assert.deepEqual(world.sent(), [{ type: 'ping' }])
  world.say({ type: 'pong' })
  await world.pass(25_000)
  assert.deepEqual(world.sent(), [{ type: 'ping' }])
  await world.pass(9999)
  assert.equal(world.client.state, 'open')
  const old = world.socket
  await world.pass(1)
  assert.equal(world.client.state, 'waiting')
  assert.equal(old.readyState, 3)
  old.onmessage?.({ data: '{"type":"pong"}' })
  assert.equal(world.client.state, 'waiting', 'an old socket is not heard')
})

test('an upgrade without an answer is given up', async () => {
  const world = new World()
  world.client.start()
  await world.settle()
  await world.pass(9999)
  assert.equal(world.client.state, 'connecting')
  await world.pass(1)
  assert.equal(world.client.state, 'waiting')
})

test('an error that no close follows ends the connection, too', async () => {
  const world = new World()
  world.client.start()
  await world.settle()
  world.socket.onerror({})
  await world.pass(0)
  assert.equal(world.client.state, 'waiting')
})

test('after a sleep the server gets another chance to answer', async () => {
  const world = await new World().connect()
  await world.pass(25_000)
  world.sent()
  // The answer lies in the socket, unread, while the computer sleeps.
  await world.sleep(3_600_000)
  assert.equal(world.client.state, 'open')
  assert.deepEqual(world.sent(), [{ type: 'ping' }])
  await world.pass(10_000)
  assert.equal(world.client.state, 'waiting')
})

test('a page that is ticked once a minute keeps its connection', async () => {
  const world = await new World().connect()
  for (let minute = 0; minute < 10; minute++) {
    await world.sleep(60_000)
    if (world.sent().length > 0) world.say({ type: 'pong' })
    assert.equal(world.client.state, 'open', `minute ${minute}`)
  }
})

test('a clock that was set back stops nothing', async () => {
  const world = await new World().connect()
  world.end()
  world.now -= 86_400_000
  // Timers do not go by that clock.
  for (const timer of world.timers.values()) timer.at -= 86_400_000
  await world.pass(100_000)
  assert.ok(world.sockets.length > 1, 'it does not wait for a day')
})

test('trying now ends a wait, and asks an open connection for a sign of life', async () => {
  const world = await new World().connect()
  world.end()
  world.client.tryNow()
  await world.connect()
  assert.equal(world.client.state, 'open')
  world.client.tryNow()
  world.client.tryNow()
  assert.deepEqual(world.sent(), [{ type: 'ping' }])
  await world.pass(10_000)
  assert.equal(world.client.state, 'waiting')
})

test('presence is one set, from lists and from what came and went', async () => {
  const world = await new World().connect({ type: 'online_users', users: [ME, BOB] })
  assert.deepEqual(world.of('presence').at(-1).joined, [ME, BOB])
  world.say({ type: 'presence', joined: [EVE], left: [BOB], online: 2 })
  assert.deepEqual([...world.client.online], [ME, EVE])
  world.end()
  await world.pass(1000)
  await world.connect({ type: 'online_users', users: [ME, BOB] })
  const { online, joined, left } = world.of('presence').at(-1)
  assert.deepEqual([[...online], joined, left], [[ME, BOB], [BOB], [EVE]])
})

test('a message that was sent again is shown once', async () => {
  const world = await new World().connect()
  const shown = () => world.of('frame').filter(({ type }) => type === 'message').length
  const said = { type: 'message', from: BOB, text: 'x', id: 'x' }
  world.say(said)
  world.say(said)
  assert.equal(shown(), 1)
  world.say({ ...said, from: EVE })
  world.say({ type: 'message', from: BOB, text: 'x' })
  world.say({ type: 'message', from: BOB, text: 'x' })
  assert.equal(shown(), 4, 'another sender, and messages without an id')
  // Only the last 1,000 are remembered.
  for (let n = 0; n < 1000; n++) world.say({ ...said, id: `n${n}` })
  world.say(said)
  assert.equal(shown(), 1005)
})

test('a long queue is sent at a pace that the server allows, and a warning slows it', async () => {
  const world = new World({ url: 'ws://server/ws?token=t', protocols: ['switchboard.v1'] })
  for (let n = 0; n < 1000; n++) world.client.message({ text: `${n}`, id: `${n}` })
  await world.connect({ type: 'welcome', user: 'ada', server: '1' })
  const count = () => world.sent().filter(({ type }) => type === 'message').length
  const first = count()
  assert.ok(first >= 90 && first <= 100, `${first} at once`)
  await world.pass(2000)
  const later = count()
  assert.ok(later >= 180 && later <= 201, `${later} in two seconds`)
  world.say({ type: 'error', code: 'message_rate', detail: 'slow down' })
  await world.pass(900)
  assert.equal(count(), 0)
  await world.pass(10_000)
  assert.ok(count() > 700)
})

test('long texts count for more', async () => {
  const world = new World({ url: 'ws://server/ws?token=t', protocols: ['switchboard.v1'] })
  for (let n = 0; n < 100; n++) world.client.message({ text: 'x'.repeat(16_000) })
  await world.connect({ type: 'welcome', user: 'ada', server: '1' })
  const first = world.sent().length
  assert.ok(first >= 10 && first <= 13, `${first} at once`)
})

test('a message over 64 KiB is refused here: it would end every connection', () => {
  const world = new World()
  assert.throws(() => world.client.message({ to: BOB, text: 'é'.repeat(33_000) }), RangeError)
  assert.deepEqual(world.client.queue, [])
})

test('the queue survives the page, in its order and once', async () => {
  const stored = [message(BOB, '1', '1'), message(BOB, '2', '2')]
  const calls = []
  const outbox = {
    load: async () => [...stored],
    save: async ({ id }) => calls.push(`save ${id}`),
    remove: async (id) => calls.push(`remove ${id}`),
  }
  const world = new World({ outbox })
  world.client.start()
  // Written before the storage has answered: it stands behind what was there.
  world.client.message({ to: BOB, text: '3', id: '3' })
  await world.connect()
  assert.deepEqual(world.sent().map(({ id }) => id), ['1', '2', '3'])
  for (const id of ['1', '2', '3']) world.say({ type: 'ack', id, status: 'delivered' })
  await world.settle()
  assert.deepEqual(calls, ['save 3', 'remove 1', 'remove 2', 'remove 3'])
})

test('nothing is removed before it is saved, and a storage that fails is told', async () => {
  const calls = []
  let saved
  const outbox = {
    load: async () => [],
    save: ({ id }) => new Promise((resolve, reject) => {
      saved = id === 'bad' ? () => reject(new Error('full')) : resolve
    }).finally(() => calls.push(`saved ${id}`)),
    remove: async (id) => calls.push(`remove ${id}`),
  }
  const world = await new World({ outbox }).connect()
  await world.settle()
  world.client.message({ to: BOB, text: 'x', id: 'x' })
  world.say({ type: 'ack', id: 'x', status: 'delivered' })
  await world.settle()
  assert.deepEqual(calls, [])
  saved()
  await world.settle()
  assert.deepEqual(calls, ['saved x', 'remove x'])
  world.client.message({ to: BOB, text: 'y', id: 'bad' })
  await world.settle()
  saved()
  await world.settle()
  assert.equal(world.of('storage').at(-1).message, 'full')
  assert.deepEqual(world.sent().map(({ id }) => id), ['x', 'bad'], 'it is sent all the same')
})

test('a discarded message is not sent', async () => {
  const world = new World()
  world.client.message({ to: BOB, text: '1', id: '1' })
  world.client.message({ to: BOB, text: '2', id: '2' })
  world.client.discard('1')
  assert.deepEqual(world.statuses('1'), ['queued', 'discarded'])
  await world.connect()
  assert.deepEqual(world.sent().map(({ id }) => id), ['2'])
})

test('a page is told why it is not let in, as far as one can know', async () => {
  const tell = async (answers) => {
    const world = new World()
    world.answers = answers
    world.client.start()
    await world.settle()
    world.end()
    await world.settle()
    const { state, reason, trouble } = world.client
    return state === 'closed' ? reason : trouble
  }
  assert.deepEqual(await tell({}), { kind: 'unreachable', detail: '' })
  assert.deepEqual(await tell({ '/ready': [503, { status: 'full' }] }), { kind: 'full', detail: '' })
  const path = `/ws/${ME}`
  const well = { '/ready': [200, { status: 'ready' }] }
  assert.deepEqual(await tell({ ...well, [path]: [426, { detail: 'not an upgrade' }] }), { kind: 'refused', detail: '' })
  assert.deepEqual(await tell({ ...well, [path]: [403, { detail: 'not you' }] }), { kind: 'refused', detail: 'not you' })
  // Only another token helps, so nothing is tried again.
  assert.deepEqual(await tell({ ...well, [path]: [401, { detail: 'no token' }] }), { code: 401, text: 'no token' })
})

test('a server that is well and refuses is not pestered', async () => {
  const world = new World()
  world.answers = { '/ready': [200, {}], [`/ws/${ME}`]: [426, {}] }
  world.client.start()
  for (let round = 0; round < 5; round++) {
    await world.settle()
    world.end()
    await world.settle()
    if (round < 4) await world.pass(world.client.retryAt - world.now)
  }
  assert.ok(world.client.retryAt - world.now >= 60_000)
})

test('the address may be a promise, and a stop meanwhile is heard', async () => {
  let found
  const world = new World({ url: () => new Promise((resolve) => (found = resolve)) })
  world.client.start()
  world.client.stop()
  found(`ws://server/ws/${ME}`)
  await world.settle()
  assert.deepEqual([world.client.state, world.sockets.length], ['closed', 0])
  world.client.start()
  await world.settle()
  found(`ws://server/ws/${ME}`)
  await world.settle()
  assert.equal(world.sockets.length, 1)
})

test('an address that is none is the end, and says so', async () => {
  const world = new World({ url: 'nonsense' })
  world.client.start()
  await world.settle()
  assert.deepEqual([world.client.state, world.client.reason.code], ['closed', 0])
})

test('a listener that writes or stops at any event breaks nothing', async () => {
  const world = new World()
  let written = 0
  for (const name of ['state', 'frame', 'presence', 'status']) {
    world.client.addEventListener(name, () => {
      if (written < 50) world.client.message({ to: BOB, text: name, id: `w${written++}` })
    })
  }
  await world.connect()
  const ids = world.sent().map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length, 'none is sent twice')
  world.client.addEventListener('frame', () => world.client.stop())
  world.say({ type: 'pong' })
  assert.equal(world.client.state, 'closed')
  await world.pass(100_000)
  assert.equal(world.timers.size, 0)
})

test('frames that are no JSON, or of an unknown type, are no harm', async () => {
  const world = await new World().connect()
  for (const data of ['nonsense', 'null', '7', '[]', '{}', '{"type":7}']) world.socket.onmessage({ data })
  world.socket.onmessage({ data: new ArrayBuffer(2) })
  world.say({ type: 'from the future', id: 'x' })
  assert.equal(world.client.state, 'open')
  assert.equal(world.of('frame').at(-1).type, 'from the future')
})

test('ids are random', () => {
  assert.equal(new Set(Array.from({ length: 1000 }, randomId)).size, 1000)
})

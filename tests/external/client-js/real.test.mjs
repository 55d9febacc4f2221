// client.js in Node, beside the real server: restarts, refusals, a long queue.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withServer } from './person.mjs'

const ANN = '0012345678'
const BOB = '0087654321'

test('two people chat', () =>
  withServer([], async (_, person) => {
    const [ann, bob] = [person(ANN), person(BOB)]
    await Promise.all([ann.is('open'), bob.is('open')])
    const id = ann.client.message({ to: BOB, text: 'hello \u{1F600}' })
    await ann.delivered(id)
    await bob.until(() => bob.texts.length === 1, 'bob has it')
    assert.deepEqual(bob.texts, ['hello \u{1F600}'])
    await ann.until(() => ann.client.online.has(BOB), 'ann sees bob')
    bob.client.stop()
    await ann.until(() => !ann.client.online.has(BOB), 'ann sees bob go')
    // What is written now waits for bob.
    const late = ann.client.message({ to: BOB, text: 'later' })
    await ann.until(() => ann.statuses.at(-1).status === 'offline', 'bob is away')
    bob.client.start()
    await ann.delivered(late)
    await bob.until(() => bob.texts.length === 2, 'bob has both')
  }))

test('a restart loses no message and shows none twice', () =>
  withServer([], async (server, person) => {
    const [ann, bob] = [person(ANN), person(BOB)]
    await Promise.all([ann.is('open'), bob.is('open')])
    await server.end('SIGTERM')
    await Promise.all([ann.is('waiting'), bob.is('waiting')])
    assert.equal(ann.client.reason.code, 1001)
    const ids = ['1', '2', '3'].map((text) => ann.client.message({ to: BOB, text }))
    await server.start()
    ann.client.tryNow()
    for (const id of ids) await ann.delivered(id)
    await bob.until(() => bob.texts.length === 3, 'bob has all')
    assert.deepEqual(bob.texts, ['1', '2', '3'])
  }))

test('a server that is killed loses nothing either', () =>
  withServer([], async (server, person) => {
    const [ann, bob] = [person(ANN), person(BOB)]
    await Promise.all([ann.is('open'), bob.is('open')])
    const first = ann.client.message({ to: BOB, text: 'before' })
    await server.end('SIGKILL')
    await Promise.all([ann.is('waiting'), bob.is('waiting')])
    const second = ann.client.message({ to: BOB, text: 'after' })
    await server.start()
    await ann.delivered(first)
    await ann.delivered(second)
    await bob.until(() => bob.texts.length >= 2, 'bob has both')
    assert.deepEqual(bob.texts, ['before', 'after'])
  }))

test('six hundred messages that have waited are sent without exceeding the rate', () =>
  withServer([], async (_, person) => {
    const ann = person(ANN)
    await ann.is('open')
    // Longer than what the server takes at once: 400.
    const ids = Array.from({ length: 600 }, (_, n) => ann.client.message({ to: BOB, text: `${n}` }))
    const bob = person(BOB)
    await ann.delivered(ids.at(-1))
    await bob.until(() => bob.texts.length === 600, 'bob has all')
    assert.deepEqual(bob.texts, ids.map((_, n) => `${n}`))
    assert.deepEqual(ann.frames.filter(({ type }) => type === 'error'), [])
    assert.ok(ann.states.every(({ state }) => state !== 'waiting'))
  }))

test('the newer of two with one number has it, and the older one does not come back', () =>
  withServer([], async (_, person) => {
    const older = person(ANN)
    await older.is('open')
    const newer = person(ANN)
    await newer.is('open')
    await older.is('closed')
    assert.deepEqual(older.client.reason, { code: 4000, text: 'replaced by a newer connection' })
    assert.equal(newer.client.state, 'open')
  }))

test('one who is not let in is told why', () =>
  withServer(['--max-connections', '1'], async (_, person) => {
    const nobody = person('12')
    await nobody.until(() => nobody.client.trouble?.detail.includes('digits'), 'what is wrong with the number')
    nobody.client.stop()
    const ann = person(ANN)
    await ann.is('open')
    const bob = person(BOB)
    await bob.until(() => bob.client.trouble?.kind === 'full', 'the server is full')
    ann.client.stop()
    await bob.is('open')
    assert.equal(bob.client.trouble, null)
  }))

test('heartbeats keep a silent client connected', () =>
  // The server gives up after 1 s: the client has its own time, and here it runs fast.
  withServer(['--ping-timeout', '1s', '--sweep-interval', '100ms'], async (_, person) => {
    const fast = { now: () => Date.now() * 100, setTimeout: (run, length) => setTimeout(run, length / 100) }
    const ann = person(ANN, fast)
    await ann.is('open')
    const pongs = () => ann.frames.filter(({ type }) => type === 'pong').length
    await ann.until(() => pongs() >= 12, 'three seconds')
    assert.equal(ann.states.filter(({ state }) => state === 'connecting').length, 1)
  }))

// The page's talks and messages without a page: phones.js and account.js, with a server that the test plays, and with a
// store in memory.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'

const ME = '0012345678'
const BOB = '0087654321'

let socket = null

class Socket {
  readyState = 0
  sent = []
  constructor(url) {
    this.url = url
    socket = this
  }
  send(text) {
    this.sent.push(JSON.parse(text))
  }
  close() {
    this.readyState = 3
  }
  hear(...frames) {
    for (const frame of frames) this.onmessage({ data: JSON.stringify(frame) })
  }
  of(type) {
    return this.sent.filter((frame) => frame.type === type)
  }
}

globalThis.WebSocket = Socket
globalThis.location = { origin: 'http://server' }
const { Store } = await import('../../../src/web/store.js')
const { Phones } = await import('../../../src/web/phones.js')
const { Account } = await import('../../../src/web/account.js')
const { settings } = await import('../../../src/web/settings.js')
const { digits, isNumber, isQuoted, quoted, quoting, short } = await import('../../../src/web/text.js')

/** Lets promises that are settled go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

let chats = []

beforeEach(() => (settings.receipts = true))
afterEach(async () => {
  for (const chat of chats.splice(0)) await chat.stop()
})

async function newPhones(store = new Store(null)) {
  const chat = new Phones(store, ME)
  await chat.open()
  await settle()
  socket.readyState = 1
  socket.hear({ type: 'online_users', users: [ME, BOB] })
  chats.push(chat)
  return chat
}

async function newAccount(conversations = []) {
  const chat = new Account(new Store(null), 'ada', 'a token')
  await chat.open()
  await settle()
  socket.readyState = 1
  socket.hear({ type: 'welcome', user: 'ada', server: '1' }, { type: 'online_users', users: ['ada', 'bob'] })
  chats.push(chat)
  await answer('rooms', { rooms: [] })
  await answer('conversations', { conversations })
  await answer('users', { users: [{ name: 'ada', online: true }, { name: 'bob', online: true }], more: false })
  return chat
}

/** Answers the last question of a type. */
async function answer(type, fields) {
  await settle()
  const { id, to, room } = socket.of(type).at(-1)
  socket.hear({ type, id, to, room, ...fields })
  await settle()
}

const texts = async (chat, talk, limit = 60) => (await chat.page(talk, undefined, limit)).messages.map(({ text }) => text)

test('an answer is a text that other programs can show, and a quote again on this page', () => {
  for (const [quote, text] of [['Where?', 'There'], ['> nested', 'yes\n\nand more'], ['two\nlines', '> a quote of mine'], ['x'.repeat(500), 'long']]) {
    const found = quoted(quoting(quote, text))
    assert.equal(found.text, text)
    assert.equal(isQuoted(quote, found.quote), true)
  }
  for (const text of ['plain', '> only a quote', '> a quote\n\n', '>\n\n ', 'text\n> not at the beginning\n\nx']) {
    assert.deepEqual(quoted(text), { quote: null, text })
  }
})

test('a number is digits, however they are written', () => {
  assert.equal(digits('+1 (234) 567-8901'), '12345678901')
  for (const [text, is] of [['0123456789', true], ['012345678', false], ['0'.repeat(32), true], ['0'.repeat(33), false], ['٠١٢٣٤٥٦٧٨٩', false], ['0123456789x', false]]) {
    assert.equal(isNumber(digits(text)), is, text)
  }
})

test('a text that is cut is not cut within a character', () => {
  assert.equal(short('😀'.repeat(60), 99).replaceAll('😀', ''), '…')
})

test('the store gives the last rows before a key, in their order', async () => {
  const store = new Store(null)
  for (const n of [5, 1, 4, 2, 3]) store.put('messages', { owner: ME, place: BOB, n })
  store.put('messages', { owner: ME, place: '0099999999', n: 9 })
  store.remove('messages', [ME, BOB, 3])
  const rows = async (options) => (await store.rows('messages', [ME, BOB], options)).map(({ n }) => n)
  assert.deepEqual(await rows(), [1, 2, 4, 5])
  assert.deepEqual(await rows({ limit: 2 }), [4, 5])
  assert.deepEqual(await rows({ before: 5, limit: 2 }), [2, 4])
})

test('a message gets on and does not go back', async () => {
  const chat = await newPhones()
  const talk = chat.talk(BOB)
  chat.write(talk, 'Hello')
  const [{ id }] = socket.of('message')
  // The news that it was read may come before the answer that it was delivered.
  socket.hear({ type: 'receipt', from: BOB, id, status: 'read' })
  await settle()
  socket.hear({ type: 'ack', id, status: 'delivered' })
  const { messages } = await chat.page(talk, undefined, 10)
  assert.equal(messages[0].status, 'read')
})

test('a receipt of somebody else changes nothing', async () => {
  const chat = await newPhones()
  chat.write(chat.talk(BOB), 'Hello')
  const [{ id }] = socket.of('message')
  socket.hear({ type: 'ack', id, status: 'delivered' }, { type: 'receipt', from: '0066666666', id, status: 'read' })
  await settle()
  const { messages } = await chat.page(chat.talk(BOB), undefined, 10)
  assert.equal(messages[0].status, 'delivered')
})

test('a message that is sent again is shown once, also after the page was opened again', async () => {
  const store = new Store(null)
  const message = { type: 'message', from: BOB, text: 'Hello', id: 'x' }
  const first = await newPhones(store)
  socket.hear(message, message)
  await first.stop()
  const second = await newPhones(store)
  socket.hear(message)
  assert.deepEqual(await texts(second, second.talk(BOB)), ['Hello'])
  assert.equal(second.talk(BOB).unread, 1)
})

test('messages keep their order if the clock is set back', async () => {
  const store = new Store(null)
  const now = Date.now
  const chat = await newPhones(store)
  chat.write(chat.talk(BOB), 'one')
  await chat.stop()
  Date.now = () => now() - 3_600_000
  try {
    const later = await newPhones(store)
    later.write(later.talk(BOB), 'two')
    socket.hear({ type: 'message', from: BOB, text: 'three' })
    assert.deepEqual(await texts(later, later.talk(BOB)), ['one', 'two', 'three'])
  } finally {
    Date.now = now
  }
})

test('receipts can be turned off, and wait for somebody who is away', async () => {
  const chat = await newPhones()
  const talk = chat.talk(BOB)
  const read = async () => chat.read(talk, (await chat.page(talk, undefined, 10)).messages)
  socket.hear({ type: 'message', from: BOB, text: 'one', id: '1' }, { type: 'presence', joined: [], left: [BOB], online: 1 })
  await read()
  assert.deepEqual([talk.unread, socket.of('receipt').length], [0, 0])
  socket.hear({ type: 'presence', joined: [BOB], left: [], online: 2 })
  assert.deepEqual(socket.of('receipt').map(({ id }) => id), ['1'])
  settings.receipts = false
  socket.hear({ type: 'message', from: BOB, text: 'two', id: '2' })
  await read()
  assert.deepEqual([talk.unread, socket.of('receipt').length], [0, 1])
})

test('a message that is discarded is gone from the talk and from the store', async () => {
  const store = new Store(null)
  const chat = await newPhones(store)
  socket.hear({ type: 'presence', joined: [], left: [BOB], online: 1 })
  chat.write(chat.talk(BOB), 'one')
  chat.write(chat.talk(BOB), 'two')
  const [{ id }] = chat.queue
  chat.discard(id)
  await chat.stop()
  const later = await newPhones(store)
  assert.deepEqual(await texts(later, later.talk(BOB)), ['two'])
  assert.deepEqual(later.queue.map(({ text }) => text), ['two'])
})

test('private messages of all devices are in the talk with the other person', async () => {
  const chat = await newAccount()
  socket.hear(
    { type: 'message', mid: '1', from: 'bob', to: 'ada', text: 'from bob', ts: 1 },
    { type: 'message', mid: '2', from: 'ada', to: 'bob', text: 'from another device', ts: 2 },
    { type: 'message', mid: '9', from: 'bob', text: 'to all', ts: 3 },
    { type: 'message', mid: '7', from: 'bob', room: 'r', text: 'in a room', ts: 4 },
  )
  const found = Object.fromEntries([...chat.talks].map(([key, { messages, unread }]) => [key, [messages.map(({ text }) => text), unread]]))
  assert.deepEqual(found, { '*': [['to all'], 1], '@bob': [['from bob', 'from another device'], 1], '#r': [['in a room'], 1] })
})

test('mids are compared as numbers, also where they have more digits', async () => {
  const chat = await newAccount()
  for (const mid of ['10', '9', '100']) socket.hear({ type: 'message', mid, from: 'bob', to: 'ada', text: mid, ts: 1 })
  const talk = chat.talk('@bob')
  assert.deepEqual(talk.messages.map(({ mid }) => mid), ['9', '10', '100'])
  chat.read(talk, talk.messages.slice(0, 2))
  assert.equal(talk.unread, 1)
  assert.equal(socket.of('read').at(-1).up_to, '10')
})

test('a message whose answer comes after a history that has it is shown once', async () => {
  const chat = await newAccount()
  const talk = chat.talk('@bob')
  chat.write(talk, 'Hello')
  const [{ id }] = socket.of('message')
  const page = chat.page(talk, undefined, 60)
  await answer('history', { messages: [{ type: 'message', mid: '5', from: 'ada', to: 'bob', text: 'Hello', ts: 1 }], more: false })
  await page
  const removed = []
  chat.addEventListener('removed', ({ detail }) => removed.push(detail.uid))
  socket.hear({ type: 'ack', id, mid: '5', ts: 1, status: 'stored' })
  assert.deepEqual([removed, await texts(chat, talk)], [['5'], ['Hello']])
})

test('a page before another one is asked for once, and joined to it without a gap', async () => {
  const chat = await newAccount()
  const talk = chat.talk('*')
  const message = (mid) => ({ type: 'message', mid, from: 'bob', text: mid, ts: 1 })
  const first = chat.page(talk, undefined, 2)
  await answer('history', { messages: [message('3'), message('4')], more: true })
  assert.deepEqual([(await first).messages.length, (await first).more], [2, true])
  const older = chat.page(talk, '3', 2)
  await answer('history', { messages: [message('1'), message('2')], more: false })
  assert.deepEqual([(await older).messages.map(({ mid }) => mid), (await older).more], [['1', '2'], false])
  assert.deepEqual(talk.messages.map(({ mid }) => mid), ['1', '2', '3', '4'])
  assert.deepEqual((await chat.page(talk, '3', 2)).messages.map(({ mid }) => mid), ['1', '2'])
  assert.equal(socket.of('history').length, 2)
})

test('a change reaches the message and the quotes of it', async () => {
  const chat = await newAccount()
  socket.hear(
    { type: 'message', mid: '1', from: 'bob', text: 'Helo', ts: 1 },
    { type: 'message', mid: '2', from: 'bob', text: 'I mean hello', ts: 1, reply_to: '1' },
    { type: 'edited', mid: '1', text: 'Hello', ts: 2 },
  )
  const [one, two] = chat.talk('*').messages
  assert.deepEqual([one.text, one.edited, two.quote.text], ['Hello', true, 'Hello'])
  socket.hear({ type: 'deleted', mid: '1', ts: 3 })
  assert.deepEqual([one.text, one.deleted, two.quote.text], ['', true, 'This message was deleted.'])
})

test('what the other person has read is read, and what comes later is not', async () => {
  const chat = await newAccount([{ to: 'bob', unread: 0, last: null, read_by_other: '2' }])
  for (const mid of ['1', '2', '3']) socket.hear({ type: 'message', mid, from: 'ada', to: 'bob', text: mid, ts: 1 })
  const statuses = () => chat.talk('@bob').messages.map(({ status }) => status)
  assert.deepEqual(statuses(), ['read', 'read', 'stored'])
  socket.hear({ type: 'read', from: 'bob', to: 'ada', up_to: '3' })
  assert.deepEqual(statuses(), ['read', 'read', 'read'])
})

test('a room that one is not a member of any more is gone', async () => {
  const chat = await newAccount()
  const room = { type: 'room', room: 'r', name: 'Ideas', description: '', creator: 'bob', members: 2 }
  socket.hear({ ...room, event: 'added', user: 'ada' })
  assert.equal(chat.talk('#r').title, 'Ideas')
  socket.hear({ ...room, event: 'removed', user: 'eve', members: 1 })
  assert.equal(chat.talks.has('#r'), true)
  socket.hear({ ...room, event: 'removed', user: 'ada' })
  assert.equal(chat.talks.has('#r'), false)
})

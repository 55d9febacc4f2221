// The page: a door, people, a conversation. All that people wrote becomes text nodes, and is only in memory.
import { Switchboard } from './client.js'
import { STATUS, describe } from './words.js'

const MOST_SHOWN = 200 // people in the list: a longer one is searched
const MOST_MESSAGES = 1000 // kept of one conversation
const TYPING = 4000 // milliseconds for which somebody who has typed seems to go on

const $ = (id) => document.getElementById(id)
const conversations = new Map() // number → {messages, unread}
let client = null
let me = ''
let open = null // the number of the conversation that is shown
let typedAt = 0
let isDrawing = false

$('door').querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault()
  me = digits($('number').value)
  const isNumber = me.length >= 10 && me.length <= 32
  $('mistake').textContent = isNumber ? '' : 'A number has 10 to 32 digits.'
  if (!isNumber) return $('number').focus()
  $('door').hidden = true
  $('chat').hidden = false
  $('me').textContent = me
  connect()
  $('whom').focus()
})

function connect() {
  const host = location.origin.replace('http', 'ws')
  client = new Switchboard({ url: `${host}/ws/${me}?presence=delta&pings=server` })
  client.addEventListener('state', ({ detail }) => {
    $('state').textContent = describe(detail)
    $('now').hidden = detail.state !== 'waiting'
    $('here').hidden = detail.state !== 'closed'
    if (detail.state === 'open') renew()
  })
  client.addEventListener('presence', drawSoon)
  client.addEventListener('frame', ({ detail }) => heard(detail))
  client.addEventListener('status', ({ detail }) => note(detail.id, detail.detail ?? STATUS[detail.status]))
  client.start()
}

function heard(frame) {
  if (frame.type === 'message') {
    const talk = conversation(frame.from)
    keep(talk, { text: frame.text, id: frame.id, isMine: false })
    if (frame.from === open && !document.hidden) read(frame.from, frame.id)
    else talk.unread += 1
    if (frame.from === open) typed(false)
    drawSoon()
  } else if (frame.type === 'typing' && frame.from === open) {
    typed(frame.is_typing)
  } else if (frame.type === 'receipt') {
    note(frame.id, STATUS.read, frame.from)
  }
}

/** A page of another build than the server's loads itself anew, once: a cache on the way may have the old one. What
 *  the page shows would be lost, so it waits while there is something. */
async function renew() {
  const ours = new URL(import.meta.url).pathname.split('/')[2]
  const response = await fetch('/web/build', { cache: 'no-store' }).catch(() => null)
  const build = response?.ok ? await response.text() : ours
  if (build === ours || conversations.size > 0 || sessionStorage.build === build) return
  sessionStorage.build = build
  location.reload()
}

// ---- conversations ----

function conversation(number) {
  if (!conversations.has(number)) conversations.set(number, { messages: [], unread: 0 })
  return conversations.get(number)
}

function keep(talk, message) {
  talk.messages.push(message)
  if (talk.messages.length > MOST_MESSAGES) talk.messages.shift().item?.remove()
  if (talk === conversations.get(open)) drawSoon()
}

/** Appends the messages that are not in the log yet. It goes on to its end only if its reader was there. */
function drawLog() {
  const { messages } = conversations.get(open)
  const fresh = messages.slice(messages.findLastIndex(({ item }) => item) + 1)
  if (fresh.length === 0) return
  const log = $('log')
  const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40
  for (const message of fresh) {
    message.item = document.createElement('li')
    message.item.textContent = message.text
    message.item.classList.toggle('mine', message.isMine)
    if (message.note) message.item.dataset.note = message.note
  }
  $('messages').append(...fresh.map(({ item }) => item))
  if (wasAtEnd || fresh.at(-1).isMine) log.scrollTop = log.scrollHeight
}

/** What has become of a message of ours. If a peer says so, it has to be the one to whom it went. */
function note(id, text, from = null) {
  for (const [number, { messages }] of conversations) {
    const message = messages.findLast((one) => one.isMine && one.id === id)
    if (!message || (from !== null && from !== number)) continue
    message.note = text
    if (message.item) message.item.dataset.note = text
    return
  }
}

function read(number, id) {
  if (id) client.send({ type: 'receipt', to: number, id, status: 'read' })
}

function turnTo(number) {
  open = number
  const talk = conversation(number)
  for (const { id } of talk.messages.slice(-talk.unread || Infinity)) read(number, id)
  talk.unread = 0
  $('conversation').hidden = false
  $('with').textContent = number
  $('messages').replaceChildren()
  for (const message of talk.messages) message.item = null
  typed(false)
  draw()
  $('text').focus()
}

$('writing').addEventListener('submit', (event) => {
  event.preventDefault()
  const text = $('text').value
  const message = { text, id: undefined, isMine: true }
  try {
    // The id is needed before the first status comes.
    message.id = crypto.getRandomValues(new Uint32Array(4)).join('-')
    keep(conversation(open), message)
    client.message({ to: open, text, id: message.id })
    $('text').value = ''
  } catch {
    note(message.id, 'is too long')
  }
})

$('text').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  $('writing').requestSubmit()
})

$('text').addEventListener('input', () => {
  if (Date.now() - typedAt < TYPING / 2) return
  typedAt = Date.now()
  client.send({ type: 'typing', to: open, is_typing: true })
})

let typing = 0
function typed(is) {
  clearTimeout(typing)
  $('typing').textContent = is ? 'writes …' : ''
  if (is) typing = setTimeout(typed, TYPING, false)
}

// ---- people ----

/** Draws once for many changes. */
function drawSoon() {
  if (isDrawing) return
  isDrawing = true
  requestAnimationFrame(draw)
}

function draw() {
  isDrawing = false
  if (open) drawLog()
  const part = digits($('whom').value)
  const known = [...conversations.keys()].reverse()
  const others = [...client.online].filter((number) => number !== me && !conversations.has(number)).sort()
  const found = [...known, ...others].filter((number) => number.includes(part))
  $('people').replaceChildren(...found.slice(0, MOST_SHOWN).map(person))
  const more = found.length - MOST_SHOWN
  $('count').textContent = `${client.online.size} online${more > 0 ? `; ${more} more are not shown: type a part of a number` : ''}`
  const unread = [...conversations.values()].reduce((sum, talk) => sum + talk.unread, 0)
  document.title = unread > 0 ? `(${unread}) Switchboard` : 'Switchboard'
}

function person(number) {
  const item = document.createElement('li')
  const button = document.createElement('button')
  const isThere = client.online.has(number)
  const unread = conversations.get(number)?.unread ?? 0
  button.append(isThere ? number : `${number} (offline)`)
  if (unread > 0) {
    const badge = document.createElement('span')
    badge.className = 'unread'
    badge.setAttribute('aria-label', `${unread} unread`)
    badge.textContent = unread
    button.append(badge)
  }
  if (number === open) button.setAttribute('aria-current', 'true')
  button.addEventListener('click', () => turnTo(number))
  item.append(button)
  return item
}

$('whom').addEventListener('input', drawSoon)

$('find').addEventListener('submit', (event) => {
  event.preventDefault()
  const number = digits($('whom').value)
  if (number.length < 10 || number.length > 32) return
  $('whom').value = ''
  turnTo(number)
})

$('back').addEventListener('click', () => {
  open = null
  $('conversation').hidden = true
  draw()
  $('whom').focus()
})

// ---- the whole ----

/** A number without the spaces and dashes that people write in it. */
function digits(text) {
  return text.replace(/[^0-9]/g, '')
}

$('now').addEventListener('click', () => client.tryNow())
$('here').addEventListener('click', () => client.start())
$('leave').addEventListener('click', () => location.reload())

addEventListener('online', () => client?.tryNow())
document.addEventListener('visibilitychange', () => {
  if (document.hidden || !client) return
  client.tryNow()
  if (open) turnTo(open)
})
addEventListener('beforeunload', (event) => {
  if (client?.queue.length > 0) event.preventDefault()
})
if (navigator.serviceWorker) navigator.serviceWorker.register('/sw.js')

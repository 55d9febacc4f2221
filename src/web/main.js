// The page: who is here, which of its parts are seen, and what it says of the connection.
import { Account } from './account.js'
import { showDoors } from './door.js'
import { $, put, toast } from './dom.js'
import { List } from './list.js'
import { queuePanel, settingsPanel } from './panels.js'
import { Phones } from './phones.js'
import { newRoom } from './rooms.js'
import { Signals } from './signals.js'
import { keep, Store } from './store.js'
import { Tabs } from './tabs.js'
import { Talk } from './talk.js'
import { numberOf } from './text.js'
import { describe } from './words.js'

const BUILD = new URL(import.meta.url).pathname.split('/')[2]

if (navigator.serviceWorker) navigator.serviceWorker.register('/sw.js').catch(() => {})

const who = invited() ?? keep.get('who', globalThis.sessionStorage) ?? keep.get('who')
if (who) enter(who)
else showDoors(enter)

/** Who comes by a link with a token, `/#token=…`. The token leaves the address at once. */
function invited() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token === null) return null
  history.replaceState(null, '', location.pathname)
  const me = numberOf(token)
  if (me === null) return null
  const who = { kind: 'number', me, token }
  keep.set('who', who)
  keep.set('who', null, globalThis.sessionStorage)
  return who
}

async function enter({ kind, me, token }) {
  const store = await Store.open()
  store.failed = () => toast('This browser cannot keep any more: what comes now is gone when you close the page.')
  const chat = kind === 'name' ? new Account(store, me, token) : new Phones(store, me, token)
  const tabs = new Tabs(me, async () => {
    await chat.stop()
    say({ state: 'closed', reason: { code: 4000 } })
  })
  $('app').hidden = false
  put($('me'), me)
  $('here').addEventListener('click', () => {
    keep.set('take', true, globalThis.sessionStorage)
    location.reload()
  })
  const mustHave = keep.get('take', globalThis.sessionStorage) === true
  keep.set('take', null, globalThis.sessionStorage)
  $('settings').addEventListener('click', () => settingsPanel(chat, () => leave(chat)))
  // A user may have many connections, a number has one.
  if (kind === 'number' && !(await tabs.take(mustHave))) return say({ state: 'closed', reason: { code: 4000 } })
  chat.addEventListener('state', ({ detail }) => {
    say(detail)
    if (detail.state === 'open') renew(chat)
  })
  chat.addEventListener('notice', ({ detail }) => {
    put($('notice').firstElementChild, `From the operator: ${detail}`)
    $('notice').hidden = false
  })
  $('notice').lastElementChild.addEventListener('click', () => ($('notice').hidden = true))
  await chat.open()
  furnish(chat)
}

/** The parts of the page, for a chat that is open. */
function furnish(chat) {
  const talk = new Talk(chat, () => goTo(null))
  const list = new List(chat, (key, message) => goTo(key, message))
  new Signals(chat, goTo)
  chat.addEventListener('waiting', () => waiting(chat))
  waiting(chat)
  $('queue').addEventListener('click', () => queuePanel(chat))
  $('now').addEventListener('click', () => chat.client.tryNow())
  $('again').addEventListener('click', () => ([401, 4001].includes(chat.client.reason?.code) ? leave(chat) : chat.client.start()))
  $('add-room').hidden = chat.kind !== 'name'
  if (chat.kind === 'name') $('find').placeholder = 'Search'
  $('add-room').addEventListener('click', async () => {
    const key = await newRoom(chat)
    if (key) goTo(key)
  })
  addEventListener('online', () => chat.client.tryNow())
  document.addEventListener('visibilitychange', () => document.hidden || chat.client.tryNow())
  addEventListener('pagehide', () => chat.flush())
  let sought = null

  // The talk that is open stands in the address, so that the button "back" of a phone goes back to the list.
  function goTo(key, message = null) {
    sought = message
    if (key === keyOf(location.hash)) show()
    else if (key === null) history.state?.isOurs ? history.back() : location.replace('#')
    else {
      const isFirst = keyOf(location.hash) === null
      history[isFirst ? 'pushState' : 'replaceState']({ isOurs: isFirst || history.state?.isOurs }, '', `#${encodeURIComponent(key)}`)
      show()
    }
  }

  function show() {
    const named = keyOf(location.hash)
    const key = named !== null && chat.isKey(named) ? named : null
    const next = key === null ? null : chat.talk(key)
    $('app').classList.toggle('in-talk', next !== null)
    const from = talk.open?.key
    if (next !== talk.open || sought) talk.show(next, sought)
    sought = null
    list.mark(key)
    if (next === null && from !== undefined) $('find').focus()
  }

  addEventListener('popstate', show)
  document.addEventListener('keydown', (event) => {
    if (document.querySelector('dialog[open]')) return
    if (event.key === 'Escape' && keyOf(location.hash) !== null && !$('find').value) goTo(null)
    else if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)) {
      if (keyOf(location.hash) !== null && getComputedStyle($('side')).display === 'none') goTo(null)
      $('find').focus()
    } else return
    event.preventDefault()
  })
  show()
}

const keyOf = (hash) => {
  try {
    return decodeURIComponent(hash.slice(1)) || null
  } catch {
    return null
  }
}

/** Says how the connection is, and offers what can be done. */
function say(detail) {
  const { state, reason } = detail
  put($('state'), describe(detail))
  $('bar').dataset.state = state
  $('now').hidden = state !== 'waiting'
  $('here').hidden = !(state === 'closed' && reason?.code === 4000)
  $('again').hidden = !(state === 'closed' && reason && ![4000, 4003].includes(reason.code))
  put($('again'), [401, 4001].includes(reason?.code) ? 'Sign in again' : 'Connect again')
  $('text').disabled = $('send').disabled = state === 'closed'
}

function waiting(chat) {
  const { length } = chat.queue.filter(({ status }) => status !== 'sent')
  $('queue').hidden = length === 0
  put($('queue'), `${length} waiting`)
}

async function leave(chat) {
  await chat.end?.()
  await chat.stop()
  for (const area of [globalThis.localStorage, globalThis.sessionStorage]) keep.set('who', null, area)
  location.replace('/')
}

/** A page of another build than the server's loads itself anew, once: drafts and what waits are kept. */
async function renew(chat) {
  const response = await fetch('/web/build', { cache: 'no-store' }).catch(() => null)
  const build = response?.ok ? await response.text() : BUILD
  if (build === BUILD || keep.get('renewed', globalThis.sessionStorage) === build || !chat.store.isLasting) return
  keep.set('renewed', build, globalThis.sessionStorage)
  await chat.stop()
  location.reload()
}

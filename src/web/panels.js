// The settings, and what waits to be sent.
import { confirmed, dialog, el, toast } from './dom.js'
import { choose, settings } from './settings.js'
import { obstacle } from './signals.js'
import { keep } from './store.js'
import { short } from './text.js'
import { STATUS } from './words.js'

/** `leave()` ends the session and goes back to the doors. */
export function settingsPanel(chat, leave) {
  const isNumber = chat.kind === 'number'
  return dialog('Settings', (close) => {
    const button = (name, action, kind = '') => el('button', { type: 'button', class: kind, onclick: action }, name)
    const notify = obstacle()
    return [
      el('p', {}, isNumber ? 'You are here with the number ' : 'You are signed in as ', el('b', {}, el('bdi', {}, chat.me)), '.'),
      isNumber ? option('receipts', 'Tell others when I have read their messages') : el('p', { class: 'quiet' }, 'The other person of a private chat is told how far you have read: it is how the server counts what is unread.'),
      option('typing', 'Tell others when I am writing'),
      option('enter', 'The Enter key sends'),
      option('notify', 'Notify me of messages while the page is hidden', notify, allow),
      el('h3', {}, 'Where your data is'),
      ...where(chat),
      el('div', { class: 'choices' },
        button(isNumber ? 'Export everything of this number' : 'Export what this device keeps', () => exported(chat)),
        button('Wipe everything on this device', async () => {
          if (await wiped(chat)) close()
        }, 'danger'),
        button(isNumber ? 'Leave: use another number' : 'Sign out', () => { close(); leave() })),
    ].flat()
  })
}

function option(name, label, obstacle = null, before = async () => true) {
  const input = el('input', { type: 'checkbox', checked: settings[name] && !obstacle, disabled: Boolean(obstacle) })
  input.addEventListener('change', async () => {
    if (input.checked && !(await before())) input.checked = false
    choose(name, input.checked)
  })
  return [el('label', { class: 'check' }, input, ` ${label}`), obstacle ? el('p', { class: 'quiet' }, obstacle) : '']
}

async function allow() {
  return (await Notification.requestPermission()) === 'granted'
}

function where(chat) {
  const said = []
  if (chat.kind === 'number') {
    said.push('Your messages, the names that you gave to numbers, and your drafts are in this browser on this device, and nowhere else. They are not encrypted: anyone who can use this browser can read them.')
    said.push('The server passes a message on and forgets it as soon as the other device has it. Its operator could read it on the way. A message to somebody who is offline waits here until they come, while this page is open.')
  } else {
    said.push('Your messages are on the server, and its operator can read them. On this device there are your drafts, what waits to be sent, and the token of your login: anyone who can use this browser can use it, until you sign out.')
  }
  if (!chat.store.isLasting) said.push('This browser lets the page keep nothing: all of it is gone when you close the page.')
  return said.map((text) => el('p', { class: 'quiet' }, text))
}

async function exported(chat) {
  const blob = new Blob([JSON.stringify(await chat.export(), null, 2)], { type: 'application/json' })
  const link = el('a', { href: URL.createObjectURL(blob), download: `switchboard-${new Date().toISOString().slice(0, 10)}.json` })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

async function wiped(chat) {
  const sentence = chat.kind === 'number'
    ? 'All messages, names and drafts of all numbers on this device are deleted. Nobody can bring them back. What others have got stays with them.'
    : 'All drafts, all messages that were not sent, and all that this page keeps of numbers and logins are deleted on this device. Your messages on the server stay there.'
  if (!(await confirmed('Wipe everything?', sentence, 'Wipe everything'))) return false
  await chat.end?.()
  await chat.stop()
  await chat.store.wipe()
  for (const area of [globalThis.localStorage, globalThis.sessionStorage]) {
    for (const name of ['settings', 'who']) keep.set(name, null, area)
  }
  location.replace('/')
  return true
}

/** What has not been sent, or has not arrived. */
export function queuePanel(chat) {
  return dialog('Waiting messages', (close) => {
    const list = el('ul', { class: 'waiting' })
    const draw = () => {
      const { queue } = chat
      if (queue.length === 0) return close()
      list.replaceChildren(...queue.slice(0, 200).map(({ id, talk, text, status }) => el('li', {},
        el('p', {}, el('b', {}, el('bdi', {}, chat.titleOf(talk))), el('br'), el('span', { dir: 'auto' }, short(text, 160)), el('br'), el('span', { class: 'quiet' }, STATUS[status] ?? '')),
        el('button', { type: 'button', class: 'danger', onclick: () => { chat.discard(id); draw() } }, 'Discard'))))
    }
    draw()
    const all = el('button', { type: 'button', class: 'danger', onclick: () => {
      for (const { id } of chat.queue) chat.discard(id)
      toast('Nothing waits any more.')
      close()
    } }, 'Discard all')
    return [el('p', { class: 'quiet' }, 'These are sent in their order as soon as it is possible.'), list, el('div', { class: 'buttons' }, all)]
  })
}

// The chat of people with numbers. The server stores nothing: talks and messages are on this device.
import { Chat } from './chat.js'
import { randomId } from './client.js'
import { settings } from './settings.js'
import { isNumber, quoted, quoting, short } from './text.js'

const MOST_TEXT = 16 * 1024 // bytes of a text, as JSON
const MOST_RECEIPTS = 50 // for messages that are read together
const RECENT = 100 // ids of a talk that are remembered, so that a message that is sent again is not shown again
const LOOKED_AT = 300 // messages among which one that was read is looked for

export class Phones extends Chat {
  kind = 'number'
  #token
  #lastKey = 0
  #owing = new Set() // talks in which the other one has not been told yet what was read

  constructor(store, me, token) {
    super(store, me, me)
    this.#token = token
    this.meKey = me
  }

  async open() {
    for (const row of await this.store.rows('talks', [this.owner])) this.#talk(row.place, row)
    for (const { frame, at } of await this.store.rows('outbox', [this.owner])) {
      const rows = await this.store.rows('messages', [this.owner, frame.to], { limit: LOOKED_AT })
      const row = rows.find(({ id, isMine }) => isMine && id === frame.id)
      if (row) this.own.set(frame.id, this.#message(row))
      else this.own.set(frame.id, this.#written(this.talk(frame.to), frame.id, quoted(frame.text).text, null, at))
    }
    const host = location.origin.replace(/^http/, 'ws')
    const proof = this.#token ? `&token=${encodeURIComponent(this.#token)}` : ''
    this.connect({ url: `${host}/ws/${this.me}?presence=delta&pings=server${proof}` })
    this.addEventListener('people', () => this.#tellRead())
  }

  /** The talk with a number, which begins if there is none. */
  talk(number) {
    return this.talks.get(number) ?? this.#talk(number, {})
  }

  #talk(number, { name = '', last = null, unread = 0, readTo = 0, draft = '', recent = [], owed = [] }) {
    const talk = { key: number, kind: 'person', name, title: name || number, last, unread, readTo, draft, recent, owed }
    this.talks.set(number, talk)
    if (owed.length > 0) this.#owing.add(talk)
    return talk
  }

  keepTalk({ key, name, last, unread, readTo, draft, recent, owed }) {
    this.store.put('talks', { owner: this.owner, place: key, name, last, unread, readTo, draft, recent, owed })
  }

  /** The name that one gives to a number. It stays on this device. */
  rename(talk, name) {
    talk.name = name.trim()
    talk.title = talk.name || talk.key
    this.keepTalk(talk)
    this.tell('talks')
  }

  isKey = isNumber
  placed = (talk) => ({ to: talk.key })
  placeOf = (frame) => frame.to
  textOf = (frame) => quoted(frame.text).text
  titleOf = (key) => this.talks.get(key)?.title ?? key

  // ---- messages ----

  /** The last messages of a talk, or those before one, the oldest first; and whether there are more. */
  async page(talk, before, limit) {
    const rows = await this.store.rows('messages', [this.owner, talk.key], { before, limit })
    return { messages: rows.map((row) => this.#message(row)), more: rows.length === limit }
  }

  /** Keys are times in microseconds, and grow even if the clock is set back. */
  #nextKey(talk) {
    const last = Math.max(this.#lastKey, talk.lastKey ?? 0, talk.readTo, Number(talk.last?.uid ?? 0))
    this.#lastKey = Math.max(Date.now() * 1000, last + 1)
    talk.lastKey = this.#lastKey
    return this.#lastKey
  }

  #message({ place, n, ...row }) {
    return this.own.get(row.id)?.key === n ? this.own.get(row.id) : { uid: `${n}`, key: n, talk: place, ...row }
  }

  #keep({ talk, key, id, from, isMine, text, at, status, trouble, quote }) {
    this.store.put('messages', { owner: this.owner, place: talk, n: key, id, from, isMine, text, at, status, trouble, quote })
  }

  changed(message) {
    this.#keep(message)
    super.changed(message)
  }

  /** Why a text cannot be sent, or null. */
  tooLong(text, answers) {
    const whole = answers ? quoting(answers.text, text) : text
    const over = new TextEncoder().encode(JSON.stringify(whole)).length - 2 - MOST_TEXT
    return over > 0 ? `This is ${over} bytes too long: a message has at most ${MOST_TEXT / 1024} KiB.` : null
  }

  /** Sends a text, in answer to a message if one is given. */
  write(talk, text, answers = null) {
    const id = randomId()
    const quote = answers ? { text: short(answers.text, 200), from: answers.from } : null
    const message = this.#written(talk, id, text, quote, Date.now())
    this.own.set(id, message)
    this.#added(talk, message)
    this.client.message({ to: talk.key, text: answers ? quoting(answers.text, text) : text, id })
  }

  #written(talk, id, text, quote, at) {
    const key = this.#nextKey(talk)
    return { uid: `${key}`, key, id, talk: talk.key, from: this.me, isMine: true, text, at, status: 'queued', trouble: '', quote }
  }

  #added(talk, message) {
    this.#keep(message)
    this.setLast(talk, message)
    this.tell('message', { talk, message })
  }

  /** Sends again what was refused. */
  again(message) {
    const { talk, id, text, quote } = message
    message.status = 'queued'
    this.own.set(id, message)
    this.client.message({ to: talk, text: quote ? quoting(quote.text, text) : text, id })
  }

  /** Removes a message from this device. */
  async remove(message) {
    const talk = this.talks.get(message.talk)
    this.own.delete(message.id)
    this.client.discard(message.id)
    this.store.remove('messages', [this.owner, message.talk, message.key])
    this.tell('removed', { talk, uid: message.uid })
    if (talk.last?.uid !== message.uid) return
    const { messages } = await this.page(talk, undefined, 1)
    if (messages.length > 0) this.setLast(talk, messages[0])
    else this.#forgetLast(talk)
  }

  discarded(message) {
    this.remove(message)
  }

  #forgetLast(talk) {
    talk.last = null
    this.keepTalk(talk)
    this.tell('talks')
  }

  /** Removes all messages of a talk, and what waits to be sent in it. */
  async clear(talk) {
    for (const { id, talk: key } of this.queue) if (key === talk.key) this.client.discard(id)
    await this.store.clear('messages', [this.owner, talk.key])
    talk.unread = 0
    talk.draft = ''
    if (talk.name) this.#forgetLast(talk)
    else {
      this.talks.delete(talk.key)
      this.store.remove('talks', [this.owner, talk.key])
      this.tell('talks')
    }
    this.tell('reload', { talk })
  }

  /** These messages of others have been seen. */
  read(talk, messages) {
    const fresh = messages.filter(({ isMine, key }) => !isMine && key > talk.readTo)
    if (fresh.length === 0) return
    talk.readTo = fresh.at(-1).key
    talk.unread = talk.last && !talk.last.isMine && talk.last.uid === fresh.at(-1).uid ? 0 : Math.max(0, talk.unread - fresh.length)
    if (settings.receipts) {
      talk.owed = [...talk.owed, ...fresh.map(({ id }) => id).filter((id) => id !== null)].slice(-MOST_RECEIPTS)
      this.#owing.add(talk)
      this.#tellRead()
    }
    this.keepTalk(talk)
    this.tell('talks')
  }

  /** Tells those who are online what was read. To others a receipt would be lost: they are told when they come. */
  #tellRead() {
    if (!settings.receipts) return
    for (const talk of this.#owing) {
      if (!this.online.has(talk.key)) continue
      const left = talk.owed.filter((id) => !this.client.send({ type: 'receipt', to: talk.key, id, status: 'read' }))
      if (left.length === talk.owed.length && left.length > 0) return
      talk.owed = left
      if (left.length === 0) this.#owing.delete(talk)
      this.keepTalk(talk)
    }
  }

  /** The messages that have a text in them, the newest first. */
  async search(words, most) {
    const found = []
    await this.store.each('messages', this.owner, (row) => {
      if (row.text.toLowerCase().includes(words)) found.push(this.#message(row))
      return found.length < most * 5
    })
    return found.sort((a, b) => b.at - a.at).slice(0, most)
  }

  /** Everything that this device keeps of this number. */
  async export() {
    const messages = await this.store.rows('messages', [this.owner])
    const talks = await this.store.rows('talks', [this.owner])
    return { number: this.me, exported: new Date().toISOString(), talks, messages }
  }

  // ---- what the server says ----

  heard(frame) {
    if (typeof frame.from !== 'string') return
    if (frame.type === 'message' && typeof frame.text === 'string') this.#received(frame)
    else if (frame.type === 'typing') this.tell('typing', { talk: this.talks.get(frame.from), who: frame.from, isTyping: frame.is_typing === true })
    else if (frame.type === 'receipt') this.#wasRead(frame)
  }

  #received({ from, text: whole, id = null }) {
    const talk = this.talk(from)
    if (id !== null && talk.recent.includes(id)) return
    if (id !== null) talk.recent = [...talk.recent, id].slice(-RECENT)
    const { quote, text } = quoted(whole)
    const key = this.#nextKey(talk)
    const message = { uid: `${key}`, key, id, talk: from, from, isMine: false, text, at: Date.now(), status: '', trouble: '', quote: quote === null ? null : { text: quote, from: null } }
    talk.unread += 1
    this.#added(talk, message)
  }

  /** Who has read a message has read those before it. */
  async #wasRead({ from, id }) {
    const talk = this.talks.get(from)
    if (!talk) return
    const { messages } = await this.page(talk, undefined, LOOKED_AT)
    const last = messages.findLastIndex((message) => message.isMine && message.id === id)
    for (const message of messages.slice(0, last + 1)) {
      if (message.isMine && ['sent', 'delivered'].includes(message.status)) this.become(message, 'read')
    }
  }
}

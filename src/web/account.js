// The chat of people with accounts, over `switchboard.v1`. The server stores the messages: here they are in memory, and the
// device keeps drafts and what waits to be sent.
//
// The key of a talk is `@name` for a private one, `#id` for a room, and `*` for the one of everybody.
import { Chat } from './chat.js'
import { randomId } from './client.js'
import { short } from './text.js'

const MOST_TEXT = 5000 // characters
const MOST_PAGE = 100 // messages of one answer
const MOST_KEPT = 1000 // messages of a talk in memory
const EVERYBODY = '*'

export class Account extends Chat {
  kind = 'name'
  #token
  #online = new Set()
  #known = new Set() // people who have been asked for, by their keys
  #drafts = new Map()

  constructor(store, me, token) {
    super(store, me, `@${me}`)
    this.meKey = `@${me}`
    this.#token = token
  }

  async open() {
    for (const { place, draft } of await this.store.rows('talks', [this.owner])) this.#drafts.set(place, draft)
    this.talk(EVERYBODY)
    const rows = await this.store.rows('outbox', [this.owner])
    for (const { frame, at } of rows.sort((a, b) => a.at - b.at || a.n - b.n)) {
      this.#write(this.talk(this.placeOf(frame)), frame.id, frame.text, null, at)
    }
    const host = location.origin.replace(/^http/, 'ws')
    const url = `${host}/ws?token=${encodeURIComponent(this.#token)}&presence=delta`
    this.connect({ url, protocols: ['switchboard.v1'] })
  }

  get online() {
    return this.#online
  }

  /** Those who are online, and those who have been found. */
  people() {
    return new Set([...this.#online, ...this.#known])
  }

  talk(key) {
    return this.talks.get(key) ?? this.#add(key, {})
  }

  #add(key, { title = key === EVERYBODY ? 'Everybody' : key.slice(1), about = '', room = null }) {
    const kind = { '@': 'person', '#': 'room', [EVERYBODY]: 'everyone' }[key[0]] ?? 'person'
    const draft = this.#drafts.get(key) ?? ''
    // `messages` are the newest ones, without a gap; `isFresh` says that none has been missed since.
    const talk = { key, kind, title, about, room, last: null, unread: 0, draft, messages: [], pending: [], more: true, isFresh: false, readByOther: '0' }
    this.talks.set(key, talk)
    return talk
  }

  keepTalk({ key, draft }) {
    if (draft === (this.#drafts.get(key) ?? '')) return
    this.#drafts.set(key, draft)
    if (draft) this.store.put('talks', { owner: this.owner, place: key, draft })
    else this.store.remove('talks', [this.owner, key])
  }

  isKey = (key) => key === EVERYBODY || /^[@#]./.test(key)
  placed = ({ key, kind }) => (kind === 'person' ? { to: key.slice(1) } : kind === 'room' ? { room: key.slice(1) } : {})
  placeOf = ({ to, room }) => (room !== undefined ? `#${room}` : to !== undefined ? `@${to}` : EVERYBODY)
  textOf = (frame) => frame.text
  titleOf = (key) => this.talks.get(key)?.title ?? key.slice(1)
  nameOf = (from) => from

  /** The talk that a frame of the server belongs to. */
  #talkOf({ from, to, room }) {
    return this.talk(this.placeOf(to !== undefined && from !== undefined && from !== this.me ? { to: from } : { to, room }))
  }

  // ---- messages ----

  /** The last messages of a talk, or those before one; and whether there are more. Without a connection: those that are here. */
  async page(talk, before, limit) {
    if (before !== undefined) return this.#before(talk, before, limit)
    if (!talk.isFresh) {
      try {
        const { messages, more } = await this.#history(talk, undefined, limit)
        Object.assign(talk, { messages, more, isFresh: true })
      } catch {
        // What is in memory has to do. The next connection reads again.
      }
    }
    return { messages: [...talk.messages.slice(-limit), ...talk.pending], more: talk.messages.length > limit || talk.more }
  }

  async #before(talk, before, limit) {
    const at = talk.messages.findIndex(({ mid }) => mid === before)
    if (at > 0) return { messages: talk.messages.slice(Math.max(0, at - limit), at), more: at > limit || talk.more }
    const { messages, more } = await this.#history(talk, before, limit)
    if (talk.messages[0]?.mid === before) Object.assign(talk, { messages: [...messages, ...talk.messages], more })
    return { messages, more }
  }

  async #history(talk, before, limit) {
    const answer = await this.client.ask({ type: 'history', ...this.placed(talk), ...(before && { before }), limit: Math.min(limit, MOST_PAGE) })
    const known = new Map([...talk.messages, ...answer.messages].map((message) => [message.mid, message]))
    return { messages: answer.messages.map((frame) => this.#message(talk, frame, known)), more: answer.more }
  }

  #message(talk, { mid, from, text, ts, reply_to: answers, edited, deleted = false }, known) {
    const isMine = from === this.me
    const status = !isMine ? '' : talk.kind === 'person' && !isLess(talk.readByOther, mid) ? 'read' : 'stored'
    return { uid: mid, key: mid, mid, id: null, talk: talk.key, from, isMine, text, at: ts, status, trouble: '', quote: this.#quote(answers, known), edited: Boolean(edited), deleted }
  }

  #quote(mid, known) {
    if (mid === undefined) return null
    const found = known.get(mid)
    const text = !found ? 'An earlier message' : found.deleted ? 'This message was deleted.' : short(found.text, 200)
    return { mid, text }
  }

  tooLong(text) {
    const over = [...text].length - MOST_TEXT
    return over > 0 ? `This is ${over} characters too long: a message has at most ${MOST_TEXT}.` : null
  }

  write(talk, text, answers = null) {
    const quote = answers?.mid ? { mid: answers.mid, text: short(answers.text, 200) } : null
    const id = randomId()
    const message = this.#write(talk, id, text, quote, Date.now())
    this.setLast(talk, message)
    this.tell('message', { talk, message })
    this.client.message({ ...this.placed(talk), text, id, ...(quote && { reply_to: quote.mid }) })
  }

  #write(talk, id, text, quote, at) {
    const message = { uid: id, key: null, mid: null, id, talk: talk.key, from: this.me, isMine: true, text, at, status: 'queued', trouble: '', quote, edited: false, deleted: false }
    this.own.set(id, message)
    talk.pending.push(message)
    return message
  }

  /** The server has stored a message: now it has its place among the others. */
  settled(message, { mid, ts }) {
    if (!mid || message.mid) return
    const talk = this.talk(message.talk)
    talk.pending = talk.pending.filter((one) => one !== message)
    Object.assign(message, { mid, key: mid, at: ts })
    // A history that was read before the answer came may have it already.
    if (talk.messages.some((one) => one.mid === mid)) {
      talk.messages = talk.messages.filter((one) => one.mid !== mid)
      this.tell('removed', { talk, uid: mid })
    }
    this.#insert(talk, message)
  }

  #insert(talk, message) {
    const at = talk.messages.findLastIndex(({ mid }) => isLess(mid, message.mid))
    talk.messages.splice(at + 1, 0, message)
    if (talk.messages.length <= MOST_KEPT) return
    talk.messages.splice(0, talk.messages.length - MOST_KEPT)
    talk.more = true
  }

  again(message) {
    const { talk, id, text, quote } = message
    message.status = 'queued'
    this.client.message({ ...this.placed(this.talk(talk)), text, id, ...(quote && { reply_to: quote.mid }) })
  }

  discarded(message) {
    const talk = this.talk(message.talk)
    talk.pending = talk.pending.filter((one) => one !== message)
    this.own.delete(message.id)
    this.tell('removed', { talk, uid: message.uid })
    if (talk.last?.uid === message.uid) this.#lastOf(talk)
  }

  #lastOf(talk) {
    const last = talk.pending.at(-1) ?? talk.messages.at(-1)
    if (last) return this.setLast(talk, last)
    talk.last = null
    this.tell('talks')
  }

  edit({ mid }, text) {
    return this.client.ask({ type: 'edit', mid, text })
  }

  /** Deletes a message for everybody. */
  remove({ mid }) {
    return this.client.ask({ type: 'delete', mid })
  }

  read(talk, messages) {
    const last = messages.findLast(({ mid }) => mid)
    if (!last || !this.client.send({ type: 'read', ...this.placed(talk), up_to: last.mid })) return
    talk.unread = talk.messages.filter(({ isMine, mid }) => !isMine && isLess(last.mid, mid)).length
    this.tell('talks')
  }

  /** What is in memory and has these words. The server is asked for people with such a name. */
  async search(words, most) {
    await this.#findPeople(words)
    const all = [...this.talks.values()].flatMap(({ messages }) => messages)
    return all.filter(({ text }) => text.toLowerCase().includes(words)).sort((a, b) => b.at - a.at).slice(0, most)
  }

  async #findPeople(prefix) {
    try {
      const { users } = await this.client.ask({ type: 'users', ...(prefix && { prefix }) })
      for (const { name } of users) this.#known.add(`@${name}`)
      this.tell('people')
    } catch {
      // Without a connection nobody is found.
    }
  }

  async export() {
    const drafts = Object.fromEntries(this.#drafts)
    return { name: this.me, exported: new Date().toISOString(), drafts, waiting: this.client.queue.map(({ frame }) => frame) }
  }

  /** Signs out: the token is worth nothing from now on. */
  async end() {
    await this.flush()
    await fetch('/logout', { method: 'POST', headers: { authorization: `Bearer ${this.#token}` } }).catch(() => {})
  }

  // ---- rooms ----

  /** Asks for a change of a room: `room_create`, `room_add`, …. The news of it come to all members. */
  room(type, fields) {
    return this.client.ask({ type, ...fields })
  }

  #roomNews({ event, user, ...room }) {
    const key = `#${room.room}`
    const isOut = event === 'deleted' || (user === this.me && (event === 'removed' || event === 'left'))
    if (isOut) {
      this.talks.delete(key)
      this.#drafts.delete(key)
      this.store.remove('talks', [this.owner, key])
    } else this.#setRoom(this.talk(key), room)
    this.tell('talks')
  }

  #setRoom(talk, { room, name, description, creator, members }) {
    const about = `${members} ${members === 1 ? 'member' : 'members'}${description ? ` · ${description}` : ''}`
    Object.assign(talk, { title: name, about, room: { room, name, description, creator, members } })
  }

  // ---- what the server says ----

  /** After each connection: what has been missed is in the lists and the histories. */
  async opened() {
    for (const talk of this.talks.values()) talk.isFresh = false
    try {
      const { rooms } = await this.client.ask({ type: 'rooms' })
      const mine = new Set(rooms.map(({ room }) => `#${room}`))
      for (const [key, { kind }] of this.talks) if (kind === 'room' && !mine.has(key)) this.talks.delete(key)
      for (const room of rooms) this.#setRoom(this.talk(`#${room.room}`), room)
      await this.#conversations()
      this.tell('reload')
      await this.#findPeople('')
    } catch {
      // The connection has ended: the next one asks again.
    }
  }

  async #conversations() {
    const { conversations } = await this.client.ask({ type: 'conversations' })
    for (const { unread, last, read_by_other: read, ...place } of conversations) {
      const talk = this.talk(this.placeOf(place))
      talk.unread = unread
      talk.readByOther = read ?? '0'
      if (talk.pending.length === 0 && last) this.setLast(talk, this.#message(talk, last, new Map()))
    }
    this.tell('talks')
  }

  heard(frame) {
    const { type } = frame
    if (type === 'message') this.#received(frame)
    else if (type === 'online_users' || type === 'presence') this.#present(frame)
    else if (type === 'typing') this.tell('typing', { talk: this.#talkOf(frame), who: frame.from, isTyping: frame.is_typing })
    else if (type === 'edited' || type === 'deleted') this.#isChanged(frame)
    else if (type === 'read') this.#wasRead(frame)
    else if (type === 'room') this.#roomNews(frame)
  }

  #present({ users, joined = [], left = [] }) {
    if (users) this.#online = new Set(users.map((name) => `@${name}`))
    for (const name of joined) this.#online.add(`@${name}`)
    for (const name of left) this.#online.delete(`@${name}`)
    this.tell('people')
  }

  #received(frame) {
    const talk = this.#talkOf(frame)
    if (talk.messages.some(({ mid }) => mid === frame.mid)) return
    const message = this.#message(talk, frame, new Map(talk.messages.map((one) => [one.mid, one])))
    this.#insert(talk, message)
    if (!message.isMine) talk.unread += 1
    this.setLast(talk, message)
    this.tell('message', { talk, message })
  }

  /** A message was edited or deleted. Where it is not in memory, the history has it as it is now. */
  #isChanged({ type, mid, text = '' }) {
    for (const talk of this.talks.values()) {
      const message = talk.messages.find((one) => one.mid === mid)
      if (!message) continue
      Object.assign(message, { text, edited: type === 'edited', deleted: type === 'deleted' })
      this.changed(message)
      for (const one of talk.messages) {
        if (one.quote?.mid !== mid) continue
        one.quote = this.#quote(mid, new Map([[mid, message]]))
        this.changed(one)
      }
      return
    }
    this.#conversations().catch(() => {})
  }

  #wasRead({ from, to, room, up_to: upTo }) {
    if (from === this.me) {
      const talk = this.talk(this.placeOf({ to, room }))
      talk.unread = talk.messages.filter(({ isMine, mid }) => !isMine && isLess(upTo, mid)).length
      return this.tell('talks')
    }
    if (to === undefined) return
    const talk = this.talk(`@${from}`)
    talk.readByOther = upTo
    for (const message of talk.messages) if (message.isMine && !isLess(upTo, message.mid)) this.become(message, 'read')
  }
}

/** Whether a message comes before another one in the same talk. Mids are numbers too long for a double. */
function isLess(mid, other) {
  return mid.length === other.length ? mid < other : mid.length < other.length
}

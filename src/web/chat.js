// A chat: talks, the messages in them, and the connection. What is the same with numbers and with accounts stands here;
// phones.js and account.js have the rest.
//
// A *talk* is a conversation: `{key, kind, title, last, unread, readTo, draft}`. A *message* is
// `{uid, key, id, talk, from, isMine, text, at, status, quote, edited, deleted}`: `uid` tells it from all others on this page;
// `key` is its place in the order, null until the server has given it one.
//
// Events, each with its data in `detail`: `state` (of the connection) · `talks` (the list has changed) · `people` (who is
// online) · `message` {talk, message} (a new one, the last) · `changed` {talk, message} · `removed` {talk, uid} ·
// `typing` {talk, who, isTyping} · `closing` (keep what was begun) · `reload` {talk} (what was shown may lack something) · `notice` (a text of the operator's) · `waiting` (the queue has changed).
import { Switchboard } from './client.js'
import { settings } from './settings.js'

const TYPING = 3000 // milliseconds between two frames that say the same
const RANKS = ['queued', 'sent', 'offline', 'error', 'stored', 'delivered', 'read']

export class Chat extends EventTarget {
  talks = new Map()
  #typedAt = 0
  #typedTo = null

  /** `owner` tells what this device keeps of this person from what it keeps of others. */
  constructor(store, me, owner) {
    super()
    this.store = store
    this.me = me
    this.owner = owner
    this.own = new Map() // id → message: what was written, or waits, since this page was opened
  }

  connect(options) {
    const { store, owner } = this
    let n = 0
    this.client = new Switchboard({
      ...options,
      outbox: {
        load: async () => {
          const rows = await store.rows('outbox', [owner])
          return rows.sort((a, b) => a.at - b.at || a.n - b.n).map(({ frame }) => frame)
        },
        save: async (frame) => {
          n += 1
          store.put('outbox', { owner, id: frame.id, at: Date.now(), n, frame })
        },
        remove: async (id) => store.remove('outbox', [owner, id]),
      },
    })
    this.client.addEventListener('state', ({ detail }) => {
      if (detail.state === 'open') this.opened?.()
      this.tell('state', detail)
    })
    this.client.addEventListener('presence', () => this.tell('people'))
    this.client.addEventListener('frame', ({ detail }) => {
      if (detail.type === 'notice' && typeof detail.text === 'string') this.tell('notice', detail.text)
      else this.heard(detail)
    })
    this.client.addEventListener('status', ({ detail }) => this.#status(detail))
    this.client.start()
  }

  get online() {
    return this.client.online
  }

  /** How many messages of all talks are unread. */
  get unread() {
    let all = 0
    for (const { unread } of this.talks.values()) all += unread
    return all
  }

  /** The messages of one's own that have not been sent, or have not arrived. */
  get queue() {
    return this.client.queue.map(({ frame, status }) => ({ id: frame.id, talk: this.placeOf(frame), text: this.textOf(frame), status }))
  }

  discard(id) {
    this.client.discard(id)
  }

  /** Says that one is writing, or has stopped. Not more often than is needed. */
  typing(talk, isTyping) {
    if (!settings.typing) return
    const isSaid = this.#typedTo === talk.key && Date.now() - this.#typedAt < TYPING
    if (isTyping ? isSaid : this.#typedTo !== talk.key) return
    this.#typedTo = isTyping ? talk.key : null
    this.#typedAt = Date.now()
    this.client.send({ type: 'typing', ...this.placed(talk), is_typing: isTyping })
  }

  /** Keeps what was begun to be written. */
  draft(talk, text) {
    if (talk.draft === text) return
    talk.draft = text
    this.keepTalk(talk)
    this.tell('talks')
  }

  #status({ id, status, ...more }) {
    const message = this.own.get(id)
    this.tell('waiting')
    if (!message) return
    if (status === 'discarded') return this.discarded(message)
    this.become(message, status, more)
  }

  /** A message has got on. It does not go back: an answer may come after the news that it was read. */
  become(message, status, more = {}) {
    const isBack = RANKS.indexOf(status) < RANKS.indexOf(message.status)
    if (isBack && ['stored', 'delivered', 'read'].includes(message.status)) return
    message.status = status
    message.trouble = status === 'error' ? (more.detail ?? more.code ?? '') : ''
    this.settled?.(message, more)
    this.changed(message)
  }

  changed(message) {
    const talk = this.talks.get(message.talk)
    if (talk?.last?.uid === message.uid) this.setLast(talk, message)
    this.tell('changed', { talk, message })
  }

  setLast(talk, message) {
    const { uid, text, isMine, at, status, from } = message
    talk.last = message && { uid, text: message.deleted ? 'deleted' : text.slice(0, 200), isMine, at, status, from }
    this.keepTalk(talk)
    this.tell('talks')
  }

  /** Keeps all that is only in memory yet. */
  flush() {
    this.tell('closing')
    return this.store.flush()
  }

  stop() {
    this.client?.stop()
    return this.flush()
  }

  tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }))
  }
}

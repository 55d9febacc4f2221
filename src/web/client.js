// The connection of a chat client, for browsers and Node: reconnect, heartbeat, queue, answers, presence.
// It has no DOM and no storage of its own. It speaks SCA (a number in the address), and `switchboard.v1` (a
// user's token in the address, the subprotocol offered). CLIENTS.md has the rules that it follows.
//
// Everything is judged by time stamps, and a timer only says that it is time to look: the timers of a hidden
// page fire once a minute, and those of a sleeping computer not at all.

const SUBPROTOCOL = 'switchboard.v1'

// All times are in milliseconds.
const PATIENCE = 10_000 // for the first frame of a connection, and for an answer to a ping
const HEARTBEAT = 25_000 // between two pings
const FIRST_WAIT = 500 // half of the bound of the first wait
const LONGEST_WAIT = 60_000
const STABLE = 30_000 // a connection that lasted for so long makes the next wait short again
const HOPELESS = 5 // failures in a row; if the server is well then, it refuses this client
const RETRY = 30_000 // the first wait for a recipient, if nobody tells that they have come
const LONGEST_RETRY = 600_000

// The pace of messages, in tokens: one for a frame, and one for each 2,000 characters of it.
const BURST = 100
const TOKENS_A_MS = 0.1
const CHARACTERS_A_TOKEN = 2000

const MOST_BYTES = 64 * 1024 // of one frame
const REMEMBERED = 1000 // messages that have arrived, so that none is shown twice

// What a test may replace.
const TOOLS = {
  WebSocket: globalThis.WebSocket,
  // Browsers want these called on their own, not on an object of ours.
  fetch: (...asked) => fetch(...asked),
  setTimeout: (...due) => setTimeout(...due),
  clearTimeout: (timer) => clearTimeout(timer),
  now: () => Date.now(),
  random: () => Math.random(),
}

// Below 4000, these codes mean that the client has made a mistake: to come back does not help.
const MISTAKES = [1002, 1003, 1007, 1009]
// Codes of errors that say nothing about the message: it is sent again later.
const FOR_NOW = ['busy', 'disk_full', 'read_only', 'store_failed']

/**
 * One connection that comes back by itself.
 *
 * Events, each a CustomEvent with its data in `detail`:
 *
 * - `state`: `{state, retryAt, reason, trouble}` after each change.
 * - `frame`: every frame of the server. A message that its sender has sent again comes once.
 * - `presence`: `{online, joined, left}`: a Set of all who are online, and who of them came and went.
 * - `status`: `{id, status, …}`: what becomes of a message: `queued`, `sent`, `delivered`, `stored`, `offline` (it
 *   waits until its recipient comes; with a `code`, until the server can store it), `error` (with the server's `code`
 *   and `detail`), `discarded`.
 */
export class Switchboard extends EventTarget {
  /** `connecting`, `open`, `waiting` (until `retryAt`), or `closed` (for `reason`; it does not come back). */
  state = 'closed'
  /** While it waits: when it tries again, in milliseconds since the Unix epoch. */
  retryAt = null
  /** Why the connection has ended: `{code, text}`, or null if `stop` has ended it. The code is that of the close, or
   *  401: the server wants a token, or a newer one. */
  reason = null
  /** Why the last attempts have failed, once it is known: `{kind, detail}`. `kind` is `unreachable`,
   *  `refused`, or the server's word for why it lets nobody in: `draining`, `full`, … */
  trouble = null
  /** Everybody who is online, as the server has told last. */
  online = new Set()

  #url
  #protocols
  #outbox
  #tools
  #socket = null
  #timer = null
  #started = 0 // counts starts and stops, so that a late promise of an older one is ignored
  #attempt = 0
  #since = 0 // when the present state began
  #wait = 0 // how long the present wait lasts
  #pingedAt = 0
  #isAwaiting = false // nothing has been heard since the last ping
  #lookAt = 0 // when the timer was to fire
  #messages = new Map() // id → {frame, status}, in their order: what has no final answer
  #away = new Map() // place → {since, wait}: the messages to it wait
  #tries = new Map() // place → how often messages to it were sent in vain since one was taken
  #asked = new Map() // id → {resolve, reject}
  #seen = new Set()
  #tokens = BURST
  #tokensAt = 0
  #saving = Promise.resolve()
  #isLoaded = false
  #hasPresence = false

  /**
   * @param {object} options
   * @param {string | (() => string | Promise<string>)} options.url the address; a function is called at each try
   * @param {string[]} [options.protocols] `['switchboard.v1']` for users with a token
   * @param {{load(): Promise<object[]>, save(frame: object): Promise, remove(id: string): Promise}} [options.outbox]
   *   where the queue survives the end of the page. Without it the queue is in memory.
   */
  constructor({ url, protocols = [], outbox = null, ...tools }) {
    super()
    this.#url = typeof url === 'function' ? url : () => url
    this.#protocols = protocols
    this.#outbox = outbox
    this.#tools = { ...TOOLS, ...tools }
  }

  /** Connects, and comes back after every close that is not final. */
  start() {
    if (this.state !== 'closed') return
    this.#started += 1
    this.#attempt = 0
    this.#load()
    this.#connect()
  }

  /** Closes the connection. The queue stays. */
  stop() {
    if (this.state === 'closed') return
    this.#drop(1000)
    this.#close(null)
  }

  /** Tries at once: for a button, and for the page's events `online` and `visibilitychange`. On an open
   *  connection it asks the server for a sign of life. It does not undo a final close: `start` does. */
  tryNow() {
    if (this.state === 'waiting') this.#connect()
    else if (this.state === 'open' && !this.#isAwaiting) this.#ping()
    this.#tick()
  }

  /** Sends a frame if the connection is open, and forgets it: typing, receipts. Returns whether it was sent. */
  send(frame) {
    if (this.state !== 'open' || this.#socket.readyState !== 1) return false
    this.#socket.send(JSON.stringify(frame))
    return true
  }

  /** Queues a message, and sends it in its turn, again after each reconnect, until its final answer is here.
   *  Returns its id, which is made at random if it is absent. */
  message(frame) {
    frame = { type: 'message', ...frame, id: frame.id ?? randomId() }
    if (new TextEncoder().encode(JSON.stringify(frame)).length > MOST_BYTES) {
      throw new RangeError('a message has at most 64 KiB')
    }
    this.#messages.set(frame.id, { frame, status: null })
    this.#keep(() => this.#outbox?.save(frame))
    this.#status(frame.id, 'queued')
    this.#tick()
    return frame.id
  }

  /** Asks for something (`switchboard.v1`), and returns the answer: the frame that has the id of the question.
   *  An `error` rejects the promise, as an Error with its `code`. So does the end of the connection, with the
   *  code `disconnected`. */
  ask(frame) {
    const id = frame.id ?? randomId()
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject })
      if (!this.send({ ...frame, id })) this.#fail(id, 'disconnected', 'there is no connection')
    })
  }

  /** Takes a message out of the queue. It may have been sent already. */
  discard(id) {
    if (this.#messages.has(id)) this.#done(id, 'discarded')
  }

  /** The messages that have no final answer yet, in their order: `{frame, status}`. */
  get queue() {
    return [...this.#messages.values()].map(({ frame, status }) => ({ frame, status }))
  }

  get #isV1() {
    return this.#protocols.includes(SUBPROTOCOL)
  }

  // ---- the connection ----

  async #connect() {
    const started = this.#started
    this.retryAt = null
    this.#enter('connecting')
    this.#tick()
    let url
    try {
      url = await this.#url()
      if (started !== this.#started || this.state !== 'connecting' || this.#socket) return
      this.#hasPresence = new URL(url).searchParams.get('presence') !== 'none'
      this.#open(url)
    } catch (error) {
      if (started === this.#started) this.#close({ code: 0, text: String(error?.message ?? error) })
    }
  }

  #open(url) {
    const socket = new this.#tools.WebSocket(url, this.#protocols)
    this.#socket = socket
    const isOurs = () => this.#socket === socket
    socket.onopen = () => {
      // With SCA the first list says that we are in. Without a list nothing precedes what we send.
      if (!isOurs() || this.#isV1 || this.#hasPresence) return
      this.#opened()
      this.#tick()
    }
    socket.onmessage = ({ data }) => {
      if (isOurs()) this.#hear(data)
    }
    socket.onclose = ({ code, reason }) => {
      if (isOurs()) this.#lost(code, reason, url)
    }
    // A close follows an error, but some versions of Node forget it.
    socket.onerror = () => {
      this.#tools.setTimeout(() => isOurs() && this.#lost(1006, '', url), 0)
    }
  }

  #opened() {
    this.trouble = null
    this.#pingedAt = this.#tools.now()
    this.#isAwaiting = false
    this.#enter('open')
    for (const [id, { status }] of this.#messages) {
      // What was sent and has no answer is in doubt, and is sent again. The id tells the recipient.
      if (status === 'sent') this.#status(id, 'queued')
    }
    // Where a list comes, it says who is there.
    if (this.#isV1 || !this.#hasPresence) for (const to of [...this.#away.keys()]) this.#release(to)
  }

  /** What a close means: the table of CLIENTS.md. */
  #lost(code, text, url) {
    const hadOpened = this.state === 'open'
    const lasted = hadOpened && this.#isOver(this.#since, STABLE)
    this.#drop()
    this.#attempt = lasted ? 1 : this.#attempt + 1
    this.reason = { code, text }
    if (code >= 4000 || MISTAKES.includes(code)) return this.#close({ code, text })
    const hint = / retry_after_ms=(\d{1,9})$/.exec(text ?? '')
    let least = hint ? Number(hint[1]) : code === 1008 ? LONGEST_WAIT : 0
    if (!hadOpened && this.trouble?.kind === 'refused' && this.#attempt >= HOPELESS) least = LONGEST_WAIT
    // Full jitter: a crowd that was cut off together comes back spread out.
    const bound = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(this.#attempt, 10))
    this.#wait = least + this.#tools.random() * bound
    this.retryAt = this.#tools.now() + this.#wait
    this.#enter('waiting')
    this.#tick()
    if (!hadOpened && url) this.#diagnose(url, this.#started)
  }

  /** Browsers hide why an upgrade was refused, so the server is asked in another way. */
  async #diagnose(url, started) {
    const address = new URL(url)
    address.protocol = address.protocol.replace('ws', 'http')
    const get = async (where) => {
      const response = await this.#tools.fetch(where, { cache: 'no-store' })
      return [response.status, await response.json().catch(() => ({}))]
    }
    let trouble
    try {
      const [status, { status: word }] = await get(new URL('/ready', address))
      trouble = { kind: status === 200 ? 'refused' : (word ?? 'unreachable'), detail: '' }
      if (status === 200) {
        // Without an upgrade the best answer is 426. Any other one is also why the upgrade was refused.
        const [refused, { detail }] = await get(address)
        if (refused !== 426 && detail) trouble.detail = detail
        // Only another token helps.
        if (refused === 401 && started === this.#started && this.state === 'waiting') return this.#close({ code: 401, text: detail ?? '' })
      }
    } catch {
      trouble = { kind: 'unreachable', detail: '' }
    }
    if (started !== this.#started || this.state === 'open' || this.state === 'closed') return
    this.trouble = trouble
    this.#tell('state', this.#view())
  }

  #close(reason) {
    this.#started += 1
    this.#drop()
    this.#tools.clearTimeout(this.#timer)
    this.retryAt = null
    this.reason = reason
    this.#enter('closed')
  }

  /** Forgets the socket. Nothing that it says from now on is heard. */
  #drop(code) {
    const socket = this.#socket
    this.#socket = null
    if (socket) socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null
    // A socket that is not connected yet takes no code.
    if (socket && socket.readyState < 2) socket.close(...(socket.readyState === 1 && code ? [code] : []))
    for (const id of [...this.#asked.keys()]) this.#fail(id, 'disconnected', 'the connection has ended')
  }

  #enter(state) {
    this.state = state
    this.#since = this.#tools.now()
    this.#tell('state', this.#view())
  }

  #view() {
    const { state, retryAt, reason, trouble } = this
    return { state, retryAt, reason, trouble }
  }

  // ---- time ----

  /** Does what is due, and looks again when the next thing is. */
  #tick() {
    this.#tools.clearTimeout(this.#timer)
    if (this.state === 'closed') return
    const isLate = this.#isOver(this.#lookAt, PATIENCE)
    let next = Infinity
    const due = (since, length) => {
      if (this.#isOver(since, length)) return true
      next = Math.min(next, since + length - this.#tools.now())
      return false
    }
    if (this.state === 'waiting') {
      if (due(this.#since, this.#wait)) return void this.#connect()
    } else if (this.state === 'connecting') {
      if (due(this.#since, PATIENCE)) return this.#givenUp()
    } else {
      const isDue = due(this.#pingedAt, this.#isAwaiting ? PATIENCE : HEARTBEAT)
      // After a sleep the answer may lie in the socket, unread: only who was awake may call the server silent.
      if (isDue && this.#isAwaiting && !isLate) return this.#givenUp()
      if (isDue) this.#ping()
      if (isDue) due(this.#pingedAt, PATIENCE)
      for (const [place, { since, wait }] of this.#away) {
        if (wait !== Infinity && due(since, wait)) this.#release(place)
      }
      const lacking = this.#flush()
      if (lacking > 0) next = Math.min(next, Math.max(lacking / TOKENS_A_MS, 50))
    }
    next = Math.min(Math.ceil(next), HEARTBEAT)
    this.#lookAt = this.#tools.now() + next
    this.#timer = this.#tools.setTimeout(() => this.#tick(), next)
  }

  /** Whether a time is over. A clock that was set back ends it, too: a long wait is worse than a short one. */
  #isOver(since, length) {
    const passed = this.#tools.now() - since
    return passed < 0 || passed >= length
  }

  #ping() {
    this.#pingedAt = this.#tools.now()
    this.#isAwaiting = true
    this.send({ type: 'ping' })
  }

  #givenUp() {
    this.#lost(1006, 'the server does not answer', this.#socket?.url ?? null)
  }

  // ---- messages ----

  /** Sends what is queued, in its order, as far as the pace allows. Returns the number of tokens it lacks. */
  #flush() {
    const now = this.#tools.now()
    this.#tokens = Math.min(BURST, this.#tokens + Math.max(0, now - this.#tokensAt) * TOKENS_A_MS)
    this.#tokensAt = now
    for (const [id, { frame, status }] of this.#messages) {
      if (status !== 'queued') continue
      if (this.#away.has(place(frame))) {
        // It must not overtake those that wait already.
        this.#status(id, 'offline')
        continue
      }
      if (this.#tokens < 1) return 1 - this.#tokens
      if (!this.send(frame)) return 0
      this.#tokens -= 1 + JSON.stringify(frame).length / CHARACTERS_A_TOKEN
      this.#status(id, 'sent')
    }
    return 0
  }

  /** The messages to a place wait until its person comes. If nobody would tell, they wait for a time that grows. */
  #hold(to) {
    const isTold = this.#hasPresence && !this.#isV1 && !this.online.has(to)
    const longest = Math.min(LONGEST_RETRY, RETRY * 2 ** (this.#tries.get(to) ?? 0))
    if (!isTold) this.#tries.set(to, (this.#tries.get(to) ?? 0) + 1)
    const wait = isTold ? Infinity : longest * (0.5 + this.#tools.random() / 2)
    this.#away.set(to, { since: this.#tools.now(), wait })
  }

  /** Queues the messages to a place again. */
  #release(to) {
    this.#away.delete(to)
    for (const [id, { frame, status }] of this.#messages) {
      if (status === 'offline' && place(frame) === to) this.#status(id, 'queued')
    }
  }

  #status(id, status, more = {}) {
    const message = this.#messages.get(id)
    if (message) message.status = status
    this.#tell('status', { id, status, ...more })
  }

  /** The message has its final answer. */
  #done(id, status, more) {
    if (this.#messages.delete(id)) this.#keep(() => this.#outbox?.remove(id))
    this.#status(id, status, more)
  }

  /** Reads the queue of an earlier page, once. What was written meanwhile comes behind it. */
  #load() {
    if (this.#isLoaded || !this.#outbox) return
    this.#isLoaded = true
    this.#keep(async () => {
      const frames = await this.#outbox.load()
      const later = [...this.#messages]
      const ids = new Set(later.map(([id]) => id))
      this.#messages.clear()
      for (const frame of frames) if (!ids.has(frame.id)) this.#messages.set(frame.id, { frame, status: null })
      for (const [id, message] of later) this.#messages.set(id, message)
      for (const [id, { status }] of this.#messages) if (status === null) this.#status(id, 'queued')
      this.#tick()
    })
  }

  /** Storage is asked one thing after the other, so that nothing is removed before it is saved. */
  #keep(job) {
    this.#saving = this.#saving.then(job).catch((error) => this.#tell('storage', error))
  }

  // ---- what the server says ----

  #hear(data) {
    this.#isAwaiting = false
    let frame
    try {
      frame = JSON.parse(data)
    } catch {
      return // Binary, or no frame of this protocol.
    }
    if (typeof frame?.type !== 'string') return
    if (this.state === 'connecting') this.#opened()
    if (frame.type === 'message' && this.#isRepeated(frame)) return this.#tick()
    if (frame.type === 'online_users' || frame.type === 'presence') this.#presence(frame)
    this.#tell('frame', frame)
    this.#answer(frame)
    this.#tick()
  }

  #isRepeated({ from, id }) {
    if (id === undefined) return false
    const key = `${from} ${id}`
    if (this.#seen.has(key)) return true
    this.#seen.add(key)
    if (this.#seen.size > REMEMBERED) this.#seen.delete(this.#seen.values().next().value)
    return false
  }

  #presence(frame) {
    const { online } = this
    let { joined = [], left = [] } = frame
    if (frame.type === 'online_users') {
      const users = new Set(frame.users)
      joined = frame.users.filter((user) => !online.has(user))
      left = [...online].filter((user) => !users.has(user))
    }
    for (const user of joined) online.add(user)
    for (const user of left) online.delete(user)
    if (!this.#isV1) this.#returned(frame.type === 'online_users', joined)
    this.#tell('presence', { online, joined, left })
  }

  /** Whoever has come gets what waits for them. After a reconnect, the first list says who is there. */
  #returned(isList, joined) {
    for (const user of joined) if (this.#away.has(user)) this.#release(user)
    if (!isList) return
    for (const to of new Set([...this.#messages.values()].map(({ frame }) => place(frame)))) {
      if (this.online.has(to)) this.#release(to)
      else this.#hold(to)
    }
  }

  #answer(frame) {
    const { type, id, status } = frame
    if (type === 'error' && (frame.code === 'message_rate' || frame.code === 'byte_rate')) {
      this.#tokens = -BURST // A warning: nothing is lost.
    }
    if (typeof id !== 'string') return
    const message = this.#messages.get(id)
    if (type === 'ack' && (status === 'delivered' || status === 'stored')) {
      const { mid, ts } = frame
      if (message) this.#tries.delete(place(message.frame))
      this.#done(id, status, { mid, ts })
    } else if (message && (type === 'undelivered' || (type === 'ack' && status === 'offline'))) {
      this.#hold(place(message.frame))
      this.#status(id, 'offline')
    } else if (message && type === 'error') {
      const { code, detail } = frame
      if (!FOR_NOW.includes(code)) return this.#done(id, 'error', { code, detail })
      this.#hold(place(message.frame))
      this.#status(id, 'offline', { code, detail })
    } else if (type === 'error') {
      this.#fail(id, frame.code, frame.detail)
    } else if (this.#asked.has(id) && type !== 'message') {
      this.#asked.get(id).resolve(frame)
      this.#asked.delete(id)
    }
  }

  #fail(id, code, sentence) {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    asked?.reject(Object.assign(new Error(sentence), { code }))
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }))
  }
}

/** An id that nobody has used: 96 random bits. It needs no secure context. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The conversation that a frame belongs to. Messages to one stay in their order. */
function place({ to, room }) {
  return to ?? (room === undefined ? '' : `room ${room}`)
}

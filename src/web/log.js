// The messages of the open talk. However fast they come and however many there are, the page has a bounded number of
// elements for them: new ones are drawn together, and old ones leave at the top and are read again when somebody scrolls up.
//
// The log is a live region: what is added to it is spoken. Times and states are hidden from it, and a talk that is opened,
// or an older page, is drawn while it is off.
import { $, el } from './dom.js'
import { day, isQuoted, moment, nodes, short, time } from './text.js'
import { statusOf } from './words.js'

const PAGE = 60 // messages that are read together
const MOST = 300 // messages with elements, while somebody reads at the end
const MOST_UNREAD = 240 // so many are drawn at once, so that the first unread one is among them
const MOST_PAGES = 50 // are looked through for a message that was quoted
const DRAW_AFTER = 60 // milliseconds between two drawings
const NEAR = 60 // pixels from the end that count as the end

export class Log {
  #chat
  #options
  #talk = null
  #shown = [] // {message, li, day}: in their order
  #pending = [] // messages that are not drawn yet
  #hasOlder = false
  #isBehind = false // there are newer messages than those that are shown
  #isReading = false // an older page is being read
  #line = null // the element that says where the new messages begin
  #isEngaged = true // the person has done something since they came back to the page
  #timer = 0
  #turn = 0 // counts the talks that were opened

  /** `options(message)` shows what can be done with a message. */
  constructor(chat, options) {
    this.#chat = chat
    this.#options = options
    chat.addEventListener('message', ({ detail }) => this.#come(detail))
    chat.addEventListener('changed', ({ detail }) => this.#change(detail))
    chat.addEventListener('removed', ({ detail }) => this.#remove(detail))
    chat.addEventListener('reload', ({ detail }) => this.#reload(detail.talk))
    const log = $('log')
    log.addEventListener('scroll', () => this.#scrolled(), { passive: true })
    log.addEventListener('keydown', (event) => this.#key(event))
    $('newest').addEventListener('click', () => this.toEnd())
    for (const name of ['keydown', 'pointerdown', 'wheel', 'touchstart', 'pointermove']) {
      document.addEventListener(name, () => this.#engage(true), { passive: true, capture: true })
    }
    addEventListener('blur', () => this.#engage(false))
    document.addEventListener('visibilitychange', () => this.#engage(false))
  }

  /** Shows a talk: at its end, or where one has stopped to read. */
  async show(talk) {
    const turn = (this.#turn += 1)
    this.#talk = talk
    this.#pending = []
    if (!talk) return this.#draw([], false)
    const unread = talk.unread
    const { messages, more } = await this.#chat.page(talk, undefined, Math.max(PAGE, Math.min(MOST_UNREAD, unread + 20)))
    if (turn !== this.#turn) return
    this.#draw(messages, more)
    this.#setLine(unread > 0 ? messages.filter(({ isMine }) => !isMine).at(-unread) ?? messages[0] : null)
    const log = $('log')
    log.scrollTop = log.scrollHeight
    if (this.#line) log.scrollTop = Math.min(log.scrollTop, this.#line.offsetTop - 40)
    this.#scrolled()
  }

  /** Goes to a message, which may be far back. Returns whether it is there. */
  async goTo(isIt) {
    const turn = this.#turn
    for (let pages = 0; pages < MOST_PAGES && turn === this.#turn; pages += 1) {
      const found = this.#shown.findLast(({ message }) => isIt(message))
      if (found) {
        found.li.scrollIntoView({ block: 'center' })
        found.li.focus({ preventScroll: true })
        found.li.classList.add('found')
        setTimeout(() => found.li.classList.remove('found'), 2000)
        return true
      }
      if (!this.#hasOlder) break
      await this.#older()
    }
    return false
  }

  /** Goes to the end, where the newest message is. */
  async toEnd() {
    if (this.#isBehind) await this.show(this.#talk)
    $('log').scrollTop = $('log').scrollHeight
    this.#scrolled()
  }

  /** One has answered: there is nothing new any more. */
  answered() {
    this.#setLine(null)
  }

  // ---- what has changed ----

  /** What is shown may lack something. Who reads at the end gets it; who reads further up is told. */
  #reload(talk = this.#talk) {
    if (!talk || talk !== this.#talk) return
    if (this.#isAtEnd) return this.show(talk)
    this.#isBehind = true
    this.#tellNewest()
  }

  #come({ talk, message }) {
    if (talk !== this.#talk) return
    this.#pending.push(message)
    // What does not fit can be read again.
    if (this.#pending.length > MOST) this.#pending.splice(0, this.#pending.length - MOST)
    if (message.isMine) return this.#flush()
    this.#timer ||= setTimeout(() => this.#flush(), DRAW_AFTER)
  }

  #flush() {
    clearTimeout(this.#timer)
    this.#timer = 0
    const come = this.#pending
    this.#pending = []
    if (come.length === 0) return
    const isAtEnd = this.#isAtEnd
    const last = come.at(-1)
    if (!isAtEnd && !last.isMine && this.#shown.length + come.length > MOST * 2) {
      this.#isBehind = true
      return this.#tellNewest()
    }
    if (this.#isBehind) return void (last.isMine && this.toEnd())
    if (come.length >= MOST) this.#forget(this.#shown.length)
    for (const message of come) this.#append(message)
    if (last.isMine) this.#setLine(null)
    else if (!this.#isSeen && !this.#line) this.#setLine(come.find(({ isMine }) => !isMine))
    const log = $('log')
    if (last.isMine) log.scrollTop = log.scrollHeight
    else if (isAtEnd) {
      this.#forget(this.#shown.length - MOST)
      log.scrollTop = log.scrollHeight
      if (this.#line && !this.#isSeen) log.scrollTop = Math.min(log.scrollTop, this.#line.offsetTop - 40)
    }
    this.#scrolled()
  }

  #change({ talk, message }) {
    if (talk !== this.#talk) return
    const at = this.#shown.find((shown) => shown.message.uid === message.uid)
    if (!at) return
    at.message = message
    this.#fill(at)
  }

  #remove({ talk, uid }) {
    if (talk !== this.#talk) return
    const at = this.#shown.findIndex(({ message }) => message.uid === uid)
    if (at < 0) return
    const [{ li }] = this.#shown.splice(at, 1)
    if (li.contains(document.activeElement)) (this.#shown[at] ?? this.#shown[at - 1])?.li.focus()
    li.remove()
    this.#days()
  }

  // ---- drawing ----

  #draw(messages, more) {
    this.#quietly(() => {
      this.#shown = []
      this.#line = null
      $('messages').replaceChildren()
      for (const message of messages) this.#append(message)
    })
    this.#hasOlder = more
    this.#isBehind = false
    $('nothing').hidden = messages.length > 0 || !this.#talk
  }

  #append(message) {
    const shown = this.#make(message)
    const before = this.#shown.at(-1)
    if (!before || day(before.message.at) !== shown.day) $('messages').append(dayOf(shown))
    $('messages').append(shown.li)
    this.#shown.push(shown)
    $('nothing').hidden = true
  }

  #make(message) {
    const li = el('li', { tabIndex: -1 })
    const shown = { message, li, day: day(message.at) }
    this.#fill(shown)
    return shown
  }

  #fill(shown) {
    const { message, li } = shown
    const { isMine, from, quote, deleted, at, edited, text } = message
    li.className = isMine ? 'mine' : ''
    const who = isMine ? 'You' : this.#chat.nameOf?.(from) ?? from
    const isMany = this.#talk?.kind !== 'person'
    const status = statusOf(message)
    li.dataset.note = status
    const more = el('button', { type: 'button', class: 'icon more', tabIndex: -1, 'aria-label': 'What can be done with this message', onclick: () => this.#options(shown.message) }, '⋯')
    const body = el('p', { class: 'text', dir: 'auto' }, ...(deleted ? ['This message was deleted.'] : nodes(text)))
    li.replaceChildren(
      el('span', { class: isMany && !isMine ? 'from' : 'sr' }, el('bdi', {}, who), isMany && !isMine ? '' : ': '),
      ...(quote ? [el('button', { type: 'button', class: 'quote', tabIndex: -1, onclick: () => this.#jump(quote) }, el('bdi', {}, short(quote.text, 200)))] : []),
      body, more,
      el('p', { class: 'meta', 'aria-hidden': 'true' }, [time(at), edited ? 'edited' : '', status].filter(Boolean).join(' · ')))
    if (deleted) body.classList.add('quiet')
    if (message.status === 'error') li.classList.add('failed')
    li.title = moment(at)
  }

  async #jump(quote) {
    const isIt = quote.mid ? ({ mid }) => mid === quote.mid : ({ text }) => isQuoted(text, quote.text)
    if (!(await this.goTo(isIt))) $('log').dispatchEvent(new CustomEvent('lost'))
  }

  /** Removes this many at the top. */
  #forget(count) {
    if (count <= 0) return
    for (const { li } of this.#shown.splice(0, count)) li.remove()
    this.#hasOlder = true
    this.#days()
  }

  /** Puts the days where they belong. */
  #days() {
    for (const li of $('messages').querySelectorAll('.day')) li.remove()
    let before = null
    for (const shown of this.#shown) {
      if (shown.day !== before) shown.li.before(dayOf(shown))
      before = shown.day
    }
    if (this.#line && !this.#line.isConnected) this.#line = null
  }

  #setLine(message) {
    this.#line?.remove()
    this.#line = null
    const shown = message && this.#shown.find((one) => one.message.uid === message.uid)
    if (!shown) return
    this.#line = el('li', { class: 'line' }, 'New messages')
    shown.li.before(this.#line)
  }

  /** Changes the log while nothing of it is spoken. */
  #quietly(change) {
    const log = $('log')
    log.setAttribute('aria-live', 'off')
    change()
    requestAnimationFrame(() => requestAnimationFrame(() => log.setAttribute('aria-live', 'polite')))
  }

  // ---- reading ----

  get #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = $('log')
    return scrollHeight - scrollTop - clientHeight < NEAR
  }

  get #isSeen() {
    return this.#isEngaged && !document.hidden
  }

  #engage(is) {
    if (this.#isEngaged === is) return
    this.#isEngaged = is
    if (is) this.#read()
  }

  #scrolled() {
    this.#tellNewest()
    this.#read()
    if ($('log').scrollTop < 200 && this.#hasOlder) this.#older()
  }

  #tellNewest() {
    $('newest').hidden = this.#isAtEnd && !this.#isBehind
  }

  /** Those that have been seen are read. */
  #read() {
    if (!this.#talk || this.#talk.unread === 0 || !this.#isSeen) return
    const log = $('log')
    const end = this.#isAtEnd ? Infinity : log.scrollTop + log.clientHeight
    const seen = this.#shown.filter(({ li }) => li.offsetTop + li.offsetHeight / 2 <= end)
    if (!this.#isBehind || !this.#isAtEnd) this.#chat.read(this.#talk, seen.map(({ message }) => message))
  }

  async #older() {
    if (this.#isReading || !this.#hasOlder) return
    this.#isReading = true
    const turn = this.#turn
    try {
      const first = this.#shown.find(({ message }) => message.key !== null)?.message.key
      const { messages, more } = await this.#chat.page(this.#talk, first, PAGE)
      if (turn !== this.#turn) return
      const log = $('log')
      const below = log.scrollHeight - log.scrollTop
      this.#quietly(() => {
        const made = messages.map((message) => this.#make(message))
        $('messages').prepend(...made.map(({ li }) => li))
        this.#shown.unshift(...made)
        this.#days()
      })
      this.#hasOlder = more && messages.length > 0
      log.scrollTop = log.scrollHeight - below
    } catch {
      // There is no connection: scrolling tries again.
    } finally {
      this.#isReading = false
    }
  }

  #key(event) {
    const { key, target } = event
    const at = this.#shown.findIndex(({ li }) => li === target)
    const to = { ArrowUp: at < 0 ? this.#shown.length - 1 : at - 1, ArrowDown: at + 1, End: this.#shown.length - 1, Home: 0 }[key]
    if (key === 'Enter' && at >= 0) {
      event.preventDefault()
      this.#options(this.#shown[at].message)
    } else if (to !== undefined && this.#shown[to] && (at >= 0 || key === 'ArrowUp')) {
      event.preventDefault()
      this.#shown[to].li.focus()
      this.#shown[to].li.scrollIntoView({ block: 'nearest' })
    }
  }
}

const dayOf = (shown) => el('li', { class: 'day', 'aria-hidden': 'true' }, shown.day)

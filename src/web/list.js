// The list of talks and people. It has elements only for the rows that are seen, however many there are. One row takes part in
// the order of the Tab key; the arrow keys go from row to row.
import { $, el, put } from './dom.js'
import { digits, isNumber, short, when } from './text.js'
import { STATUS } from './words.js'

const ROW = 64 // pixels; style.css says the same
const HEAD = 36
const BEYOND = 4 // rows above and below those that are seen
const MOST_HITS = 30
const DRAW_AFTER = 100 // milliseconds between two drawings

export class List {
  #chat
  #pick
  #rows = []
  #items = new Map() // key → {li, button, text}
  #query = ''
  #hits = []
  #current = null // the key of the row that takes part in the order of the Tab key
  #open = null
  #timer = 0
  #searching = 0

  /** `pick(key, uid)` opens a talk, at a message if one is given. */
  constructor(chat, pick) {
    this.#chat = chat
    this.#pick = pick
    for (const name of ['talks', 'people']) chat.addEventListener(name, () => this.drawSoon())
    $('rows-frame').addEventListener('scroll', () => this.#place(), { passive: true })
    new ResizeObserver(() => this.#place()).observe($('rows-frame'))
    $('rows').addEventListener('keydown', (event) => this.#key(event))
    $('find').addEventListener('input', () => this.#search())
    $('find').addEventListener('keydown', (event) => {
      if (event.key === 'ArrowDown') this.#move(0)
      else if (event.key === 'Enter') this.#choose(this.#rows.find(({ type }) => type !== 'head'))
      else return
      event.preventDefault()
    })
    this.draw()
  }

  /** Marks the talk that is open. */
  mark(key) {
    this.#open = key
    this.draw()
  }

  clearSearch() {
    $('find').value = ''
    this.#search()
  }

  drawSoon() {
    this.#timer ||= setTimeout(() => this.draw(), DRAW_AFTER)
  }

  draw() {
    clearTimeout(this.#timer)
    this.#timer = 0
    this.#rows = this.#all()
    let top = 0
    for (const row of this.#rows) {
      row.top = top
      top += row.type === 'head' ? HEAD : ROW
    }
    $('rows').style.height = `${top}px`
    this.#place()
    const { online, meKey } = this.#chat
    const others = online.size - (online.has(meKey) ? 1 : 0)
    $('nobody').hidden = this.#rows.length > 0
    put($('nobody'), this.#query ? 'Nothing is found.' : `Nobody else is here yet. ${this.#chat.kind === 'number' ? 'Type a number above to write to somebody.' : ''}`)
    // What is found is spoken. Who comes and goes is not.
    $('count').setAttribute('aria-live', this.#query ? 'polite' : 'off')
    put($('count'), this.#query ? `${this.#rows.filter(({ type }) => type !== 'head').length} found` : `${others} ${others === 1 ? 'other person is' : 'others are'} online`)
  }

  /** All rows, from talks, people and messages. */
  #all() {
    const { talks, online, meKey } = this.#chat
    const query = this.#query
    const number = digits(query)
    const has = (text) => text.toLowerCase().includes(query)
    const fits = ({ key, title }) => has(title) || (number !== '' && key.includes(number))
    const known = [...talks.values()].filter(fits).filter((talk) => talk.last || talk.draft || talk.name || talk.kind !== 'person' || talk.key === this.#open).sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0) || (a.title < b.title ? -1 : 1))
    const shown = new Set(known.map(({ key }) => key))
    const others = [...this.#chat.people?.() ?? online].filter((key) => key !== meKey && !shown.has(key) && (query === '' || has(key) || (number !== '' && key.includes(number)))).sort()
    const rows = []
    const part = (text, more) => more.length > 0 && rows.push({ type: 'head', key: `# ${text}`, text }, ...more)
    part('Chats', known.map((talk) => ({ type: 'talk', key: talk.key, talk })))
    part(this.#chat.people ? 'People' : 'Online', others.map((key) => ({ type: 'person', key })))
    if (this.#chat.kind === 'number' && isNumber(number) && number !== meKey && !shown.has(number) && !online.has(number)) {
      part('New chat', [{ type: 'person', key: number, isNew: true }])
    }
    part('Messages', this.#hits.map((message) => ({ type: 'hit', key: `hit ${message.uid}`, message })))
    return rows
  }

  /** Puts the rows that are seen where they belong. */
  #place() {
    const frame = $('rows-frame')
    const from = frame.scrollTop - BEYOND * ROW
    const to = frame.scrollTop + frame.clientHeight + BEYOND * ROW
    const isSeen = ({ top, key }) => (top >= from && top <= to) || key === this.#current
    if (!this.#rows.some(({ key }) => key === this.#current)) this.#current = this.#rows[1]?.key ?? null
    const seen = new Set()
    let before = null
    for (const [at, row] of this.#rows.entries()) {
      if (!isSeen(row)) continue
      seen.add(row.key)
      const item = this.#item(row)
      item.li.style.top = `${row.top}px`
      item.li.setAttribute('aria-posinset', at + 1)
      item.li.setAttribute('aria-setsize', this.#rows.length)
      if (item.button) item.button.tabIndex = row.key === this.#current ? 0 : -1
      const next = before ? before.nextSibling : $('rows').firstChild
      if (item.li !== next) {
        const isFocused = item.li.contains(document.activeElement)
        $('rows').insertBefore(item.li, next)
        if (isFocused) item.button.focus({ preventScroll: true })
      }
      before = item.li
    }
    for (const [key, { li }] of this.#items) {
      if (seen.has(key)) continue
      li.remove()
      this.#items.delete(key)
    }
  }

  /** The element of a row, made anew only if it says something else now. */
  #item(row) {
    const said = this.#said(row)
    const text = JSON.stringify(said)
    const old = this.#items.get(row.key)
    if (old?.text === text) return old
    const li = old?.li ?? el('li')
    li.className = row.type === 'head' ? 'head' : ''
    let button = null
    if (row.type === 'head') li.textContent = row.text
    else {
      button = old?.button ?? el('button', { type: 'button', onclick: () => this.#choose(this.#rows.find(({ key }) => key === row.key)) })
      fill(button, said)
      if (!old) li.append(button)
    }
    const item = { li, button, text }
    this.#items.set(row.key, item)
    return item
  }

  /** What a row says. */
  #said(row) {
    if (row.type === 'head') return { text: row.text }
    const { online } = this.#chat
    if (row.type === 'hit') {
      const { message } = row
      return { name: this.#chat.titleOf(message.talk), line: short(around(message.text, this.#query)), at: when(message.at), picture: pictureOf(this.#chat.talk(message.talk)) }
    }
    const isOnline = online.has(row.key)
    const { talk } = row
    if (!talk) return { name: this.#chat.titleOf(row.key), line: row.isNew ? 'Not online now' : '', isOnline, picture: this.#chat.titleOf(row.key) }
    const { last, unread, draft, kind } = talk
    let line = last ? last.text : ''
    if (last?.isMine) line = `You: ${line}`
    else if (last && kind !== 'person') line = `${last.from}: ${line}`
    const isOpen = talk.key === this.#open
    return {
      name: talk.title, line: draft && !isOpen ? draft : short(line), isDraft: Boolean(draft) && !isOpen, at: last ? when(last.at) : '',
      state: last?.isMine ? (STATUS[last.status] ?? '') : '', unread, isOnline, isOpen, picture: pictureOf(talk),
    }
  }

  #choose(row) {
    if (!row) return
    this.#current = row.key
    if (row.type === 'hit') return this.#pick(row.message.talk, row.message)
    this.clearSearch()
    this.#pick(row.key)
  }

  #key(event) {
    const at = this.#rows.findIndex(({ key }) => key === this.#current)
    const page = Math.floor($('rows-frame').clientHeight / ROW)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.#rows.length - 1, PageDown: at + page, PageUp: at - page }[event.key]
    if (to === undefined) return
    event.preventDefault()
    this.#move(Math.max(0, Math.min(this.#rows.length - 1, to)), to < at ? -1 : 1)
  }

  /** Gives the focus to a row, or to the next one that is no heading. */
  #move(to, step = 1) {
    while (this.#rows[to]?.type === 'head') to += step
    if (to < 0) return $('find').focus()
    const row = this.#rows[to]
    if (!row) return
    this.#current = row.key
    const frame = $('rows-frame')
    if (row.top < frame.scrollTop + HEAD) frame.scrollTop = row.top - HEAD
    else if (row.top + ROW > frame.scrollTop + frame.clientHeight) frame.scrollTop = row.top + ROW - frame.clientHeight
    this.#place()
    this.#items.get(row.key)?.button.focus({ preventScroll: true })
  }

  async #search() {
    const query = $('find').value.trim().toLowerCase()
    this.#query = query
    this.#hits = []
    $('rows-frame').scrollTop = 0
    this.draw()
    const mine = (this.#searching += 1)
    if (query.length < 2) return
    const hits = await this.#chat.search(query, MOST_HITS)
    if (mine !== this.#searching) return
    this.#hits = hits
    this.draw()
  }
}

/** The part of a text in which a word stands. */
function around(text, word) {
  const at = text.toLowerCase().indexOf(word)
  return at > 30 ? `…${text.slice(at - 20)}` : text
}

function fill(button, { name, line, at, state, unread, isOnline, isOpen, isDraft, picture }) {
  const face = el('span', { class: 'face', 'aria-hidden': 'true' }, [...picture].slice(/^\d+$/.test(picture) ? -2 : 0).slice(0, 2).join(''))
  face.dataset.hue = hue(picture)
  if (isOnline) face.append(el('span', { class: 'dot' }))
  const top = el('span', { class: 'top' }, el('bdi', { class: 'name' }, name), isOnline ? el('span', { class: 'sr' }, ', online') : null, el('span', { class: 'at' }, at ?? ''))
  const bottom = el('span', { class: 'bottom' },
    isDraft ? el('b', {}, 'Draft: ') : null, el('bdi', { class: 'last' }, line),
    state ? el('span', { class: 'sr' }, `, ${state}`) : null,
    unread ? el('span', { class: 'badge' }, unread > 999 ? '999+' : `${unread}`, el('span', { class: 'sr' }, ' unread')) : null)
  button.replaceChildren(face, el('span', { class: 'lines' }, top, ...(line || unread ? [bottom] : [])))
  if (isOpen) button.setAttribute('aria-current', 'true')
  else button.removeAttribute('aria-current')
}

/** A number keeps its picture when it gets a name. */
const pictureOf = ({ kind, key, title }) => (kind === 'person' && !key.startsWith('@') ? key : title)

/** One of eight colours, always the same for the same name. */
export function hue(text) {
  let sum = 0
  for (const character of text) sum = (sum * 31 + character.codePointAt(0)) % 8191
  return sum % 8
}

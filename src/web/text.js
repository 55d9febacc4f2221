// What texts, numbers and times become on the page. No state.
import { el } from './dom.js'

const LINK = /\bhttps?:\/\/[^\s<>"'`\p{Cc}\p{Cf}]+/giu
const MOST_QUOTED = 200 // characters

/** The digits of a number, without the spaces, dashes and brackets that people write in it. */
export const digits = (text) => text.replace(/[\s\-+()./]/g, '')

/** Whether a server takes this as a number. */
export const isNumber = (text) => /^[0-9]{10,32}$/.test(text)

/** The number that a token is for, or null. Whether it is a good token is the server's question. */
export function numberOf(token) {
  try {
    const { sub } = JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')))
    return typeof sub === 'string' && isNumber(sub) ? sub : null
  } catch {
    return null
  }
}

/** A text as nodes. Addresses of http and https become links; everything else is text. */
export function nodes(text) {
  const made = []
  let at = 0
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const address = found.replace(/[.,;:!?)\]}]+$/, '')
    let url
    try {
      url = new URL(address)
    } catch {
      continue
    }
    if (!/^https?:$/.test(url.protocol)) continue
    made.push(text.slice(at, index))
    made.push(el('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer' }, address))
    at = index + address.length
  }
  made.push(text.slice(at))
  return made
}

/** A text in one line, not longer than this. */
export function short(text, most = 100) {
  const line = text.slice(0, most * 4).replace(/\s+/g, ' ').trim()
  return line.length > most ? `${[...line.slice(0, most)].join('').replace(/[\ud800-\udbff]$/, '')}…` : line
}

/** A text that answers another one, for people whose program knows no quotes: its lines begin with `> `. */
export function quoting(quote, text) {
  return `> ${short(quote, MOST_QUOTED)}\n\n${text}`
}

/** The reverse: `{quote, text}`; `quote` is null if the text answers nothing. */
export function quoted(whole) {
  const found = /^((?:>[^\n]*\n){1,5})\n([^]*\S[^]*)$/.exec(whole)
  if (!found) return { quote: null, text: whole }
  return { quote: found[1].replace(/^> ?/gm, '').trim(), text: found[2] }
}

/** Whether a text is the one that was quoted. */
export const isQuoted = (text, quote) => short(text, MOST_QUOTED) === quote

const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
const DATE = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

/** The time of the day. */
export const time = (at) => TIME.format(at)

/** The day, in words. */
export function day(at) {
  const date = new Date(at).toDateString()
  if (date === new Date().toDateString()) return 'Today'
  return date === new Date(Date.now() - 86_400_000).toDateString() ? 'Yesterday' : DAY.format(at)
}

/** The time if it was today, otherwise the day. */
export function when(at) {
  return new Date(at).toDateString() === new Date().toDateString() ? time(at) : DATE.format(at)
}

/** A time in full. */
export const moment = (at) => new Date(at).toLocaleString()

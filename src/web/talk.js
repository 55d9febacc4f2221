// The open talk: its head, its log, and the place to write.
import { $, asked, confirmed, dialog, el, put, toast } from './dom.js'
import { Log } from './log.js'
import { roomPanel } from './rooms.js'
import { settings } from './settings.js'
import { moment, short } from './text.js'
import { statusOf } from './words.js'

const TYPING = 6000 // milliseconds for which somebody who has typed seems to go on
const DRAFT_AFTER = 300
const isTouch = matchMedia('(pointer: coarse)')

export class Talk {
  #chat
  #log
  #leave
  #talk = null
  #answers = null // the message that is answered
  #edits = null // the message that is edited
  #writers = new Map() // who writes → until when
  #timer = 0
  #draftTimer = 0

  /** `leave()` goes back to the list. */
  constructor(chat, leave) {
    this.#chat = chat
    this.#leave = leave
    this.#log = new Log(chat, (message) => this.#options(message))
    $('log').addEventListener('lost', () => toast('The message that is quoted is not on this device.'))
    $('back').addEventListener('click', leave)
    $('more').addEventListener('click', () => this.#about())
    $('no-answer').addEventListener('click', () => this.#answer(null))
    $('writing').addEventListener('submit', (event) => {
      event.preventDefault()
      this.#send()
    })
    $('text').addEventListener('input', () => this.#typed())
    $('text').addEventListener('keydown', (event) => this.#key(event))
    chat.addEventListener('typing', ({ detail }) => this.#hears(detail))
    chat.addEventListener('message', ({ detail: { talk, message } }) => {
      if (talk === this.#talk && this.#writers.delete(message.from)) this.#tellWriters()
    })
    for (const name of ['people', 'talks', 'state']) chat.addEventListener(name, () => this.#head())
    chat.addEventListener('closing', () => this.#keepDraft())
  }

  get open() {
    return this.#talk
  }

  /** Opens a talk, at a message if one is given; null closes it. */
  async show(talk, message = null) {
    this.#keepDraft()
    if (this.#talk && this.#talk !== talk) this.#chat.typing(this.#talk, false)
    this.#talk = talk
    this.#writers.clear()
    this.#answer(null)
    $('talk').hidden = !talk
    $('empty').hidden = Boolean(talk)
    if (!talk) return this.#log.show(null)
    $('text').value = talk.draft
    put($('mistake'), '')
    this.#head()
    this.#tellWriters()
    await this.#log.show(talk)
    if (message) await this.#log.goTo(({ uid }) => uid === message.uid)
    else if (!isTouch.matches) $('text').focus()
  }

  #head() {
    const talk = this.#talk
    if (!talk) return
    // A room that one is not a member of any more.
    if (talk.kind === 'room' && !this.#chat.talks.has(talk.key)) return this.#leave()
    put($('with'), talk.title)
    $('more').hidden = this.#chat.kind === 'name' && !talk.room
    const where = talk.kind === 'person' ? (this.#chat.online.has(talk.key) ? 'online' : 'not online') : talk.about
    put($('about'), talk.name ? `${talk.key} · ${where}` : where)
  }

  // ---- writing ----

  #send() {
    const text = $('text').value.trim().toWellFormed?.() ?? $('text').value.trim()
    const talk = this.#talk
    if (!text || !talk || $('text').disabled) return $('text').focus()
    const wrong = this.#chat.tooLong(text, this.#answers)
    put($('mistake'), wrong ?? '')
    if (wrong) return
    if (this.#edits) this.#chat.edit(this.#edits, text).catch((error) => put($('mistake'), error.message))
    else this.#chat.write(talk, text, this.#answers)
    $('text').value = ''
    this.#keepDraft()
    this.#answer(null)
    this.#log.answered()
    this.#chat.typing(talk, false)
    $('text').focus()
  }

  #typed() {
    put($('mistake'), '')
    if ($('text').value) this.#chat.typing(this.#talk, true)
    clearTimeout(this.#draftTimer)
    this.#draftTimer = setTimeout(() => this.#keepDraft(), DRAFT_AFTER)
  }

  #keepDraft() {
    clearTimeout(this.#draftTimer)
    if (this.#talk && !this.#edits) this.#chat.draft(this.#talk, $('text').value)
  }

  #key(event) {
    if (event.isComposing) return
    if (event.key === 'Enter' && !event.shiftKey && settings.enter && !isTouch.matches) {
      event.preventDefault()
      this.#send()
    } else if (event.key === 'Escape' && (this.#answers || this.#edits)) {
      event.stopPropagation()
      this.#answer(null)
    }
  }

  /** What is written from now on answers a message, or nothing. */
  #answer(message) {
    if (this.#edits) {
      this.#edits = null
      $('text').value = this.#talk?.draft ?? ''
    }
    this.#answers = message
    this.#above(message, 'Answer to')
  }

  #edit(message) {
    this.#answer(null)
    this.#edits = message
    this.#above(message, 'Edit:')
    $('text').value = message.text
    $('text').focus()
  }

  #above(message, words) {
    $('answer').hidden = !message
    if (!message) return
    put($('answer-to'), message.isMine ? `${words} ${words.endsWith(':') ? '' : 'yourself'}` : `${words} ${this.#chat.nameOf?.(message.from) ?? this.#chat.titleOf(message.from)}`)
    put($('answer-text'), short(message.text))
    $('text').focus()
  }

  // ---- others who write ----

  #hears({ talk, who, isTyping }) {
    if (!talk || talk !== this.#talk) return
    if (isTyping) this.#writers.set(who, Date.now() + TYPING)
    else this.#writers.delete(who)
    this.#tellWriters()
  }

  #tellWriters() {
    clearTimeout(this.#timer)
    for (const [who, until] of this.#writers) if (until <= Date.now()) this.#writers.delete(who)
    const names = [...this.#writers.keys()].map((who) => this.#chat.nameOf?.(who) ?? this.#chat.titleOf(who))
    put($('typing'), names.length === 0 ? '' : names.length > 3 ? 'Several people are writing …' : `${names.join(', ')} ${names.length > 1 ? 'are' : 'is'} writing …`)
    if (names.length > 0) this.#timer = setTimeout(() => this.#tellWriters(), 1000)
  }

  // ---- what can be done ----

  #options(message) {
    const { isMine, status, deleted } = message
    const state = isMine && statusOf(message)
    const waits = isMine && ['queued', 'sent', 'offline'].includes(status)
    return dialog('Message', (close) => {
      const button = (name, action, kind = '') => el('button', { type: 'button', class: kind, onclick: () => { close(); action() } }, name)
      return [
        el('p', { class: 'quiet' }, `${isMine ? 'Written' : 'Came'} ${moment(message.at)}${state ? `; ${state}` : ''}.`),
        el('div', { class: 'choices' }, ...[
          !deleted && button('Answer', () => this.#answer(message)),
          !deleted && button('Copy the text', () => copy(message.text)),
          waits && this.#chat.own.has(message.id) && button('Do not send it', () => this.#chat.discard(message.id), 'danger'),
          status === 'error' && button('Try again', () => this.#chat.again(message)),
          isMine && !deleted && this.#chat.edit && message.mid && button('Edit', () => this.#edit(message)),
          isMine && !deleted && this.#chat.remove && message.mid && button('Delete for everybody', () => this.#remove(message), 'danger'),
          this.#chat.kind === 'number' && !waits && button('Delete on this device', () => this.#chat.remove(message), 'danger'),
        ].filter(Boolean)),
      ]
    })
  }

  async #remove(message) {
    try {
      await this.#chat.remove(message)
    } catch (error) {
      toast(error.message)
    }
  }

  #about() {
    const talk = this.#talk
    if (talk.room) return roomPanel(this.#chat, talk)
    return dialog(talk.title, (close) => {
      const button = (name, action, kind = '') => el('button', { type: 'button', class: kind, onclick: () => { close(); action() } }, name)
      return [
        talk.title !== talk.key ? el('p', { class: 'quiet' }, talk.key) : null,
        el('div', { class: 'choices' }, ...[
          this.#chat.rename && button(talk.name ? 'Change the name' : 'Give this number a name', () => this.#rename(talk)),
          this.#chat.clear && button('Delete this chat on this device', () => this.#clear(talk), 'danger'),
        ].filter(Boolean)),
      ].filter(Boolean)
    })
  }

  async #rename(talk) {
    const name = await asked('Name', `Name of ${talk.key}`, { value: talk.name, most: 60, hint: 'Only you see it. It stays on this device.' })
    if (name === undefined) return
    this.#chat.rename(talk, name)
    this.#head()
  }

  async #clear(talk) {
    const sentence = `All messages with ${talk.title} are deleted on this device. The other person keeps theirs.`
    if (!(await confirmed('Delete this chat?', sentence, 'Delete'))) return
    $('text').value = ''
    await this.#chat.clear(talk)
    this.#leave()
  }
}

/** Works without a secure context, too, where there is no `navigator.clipboard`. */
async function copy(text) {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text)
    else {
      const area = el('textarea', { value: text })
      document.body.append(area)
      area.select()
      document.execCommand('copy')
      area.remove()
    }
    toast('Copied.')
  } catch {
    toast('The browser does not allow to copy.')
  }
}

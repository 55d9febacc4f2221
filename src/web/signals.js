// How the page says that something has come while nobody looks: its title, the badge of the installed app, and notifications
// where the browser has a secure context.
import { settings } from './settings.js'
import { short } from './text.js'

const AGAIN_AFTER = 3000 // milliseconds between two notifications

/** What stands in the way of notifications, in a sentence, or null. */
export function obstacle() {
  if (!isSecureContext) return 'Browsers allow notifications only for pages with https: this one came without.'
  if (!('Notification' in globalThis)) return 'This browser has no notifications.'
  return Notification.permission === 'denied' ? 'You have forbidden notifications in this browser: its own settings can allow them.' : null
}

export class Signals {
  #chat
  #at = 0

  /** `open(key)` opens a talk. */
  constructor(chat, open) {
    this.#chat = chat
    chat.addEventListener('talks', () => this.#count())
    chat.addEventListener('message', ({ detail }) => this.#notify(detail))
    navigator.serviceWorker?.addEventListener('message', ({ data }) => data?.notification && open(data.notification))
    this.#count()
  }

  #count() {
    const { unread } = this.#chat
    const title = unread > 0 ? `(${unread}) Switchboard` : 'Switchboard'
    if (document.title === title) return
    document.title = title
    if (unread > 0) navigator.setAppBadge?.(unread).catch(() => {})
    else navigator.clearAppBadge?.().catch(() => {})
  }

  async #notify({ talk, message }) {
    if (!settings.notify || message.isMine || !document.hidden || obstacle() || Notification.permission !== 'granted') return
    if (Date.now() - this.#at < AGAIN_AFTER) return
    this.#at = Date.now()
    const what = { body: short(message.text, 120), tag: talk.key, data: talk.key, icon: new URL('icon-192.png', import.meta.url).href }
    const worker = await navigator.serviceWorker?.getRegistration().catch(() => null)
    if (worker) await worker.showNotification(talk.title, what).catch(() => {})
    else new Notification(talk.title, what)
  }
}

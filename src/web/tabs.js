// Two tabs of one browser with one number: one of them has the connection, the other one offers to take it over. They talk
// through a BroadcastChannel, which needs no secure context. If a tab is frozen and does not answer, the server decides:
// the newer connection has the number.
//
// A tab that has the number leaves a mark in localStorage, so that a tab waits for an answer only if there may be one.
import { keep } from './store.js'

const PATIENCE = 3000 // milliseconds

export class Tabs {
  #channel
  #mark
  #holds = false
  #heard = null // is called with the next answer

  /** `give()` ends what this tab does with the number, and resolves when all is kept. */
  constructor(who, give) {
    this.#mark = `tab ${who}`
    addEventListener('pagehide', () => this.#holds && keep.set(this.#mark, null))
    this.#channel = globalThis.BroadcastChannel ? new BroadcastChannel(`switchboard ${who}`) : null
    if (!this.#channel) return
    this.#channel.onmessage = async ({ data }) => {
      if (data === 'held' || data === 'given') this.#heard?.()
      else if (!this.#holds) return
      else if (data === 'who?') this.#channel.postMessage('held')
      else if (data === 'give') {
        this.#holds = false
        await give()
        this.#channel.postMessage('given')
      }
    }
  }

  /** Takes the number, if no other tab has it, or if it `mustHave` it. Returns whether this tab has it. */
  async take(mustHave) {
    const mayBeHeld = this.#channel !== null && keep.get(this.#mark) !== null
    const isHeld = mayBeHeld && (await this.#asks(mustHave ? 'give' : 'who?'))
    this.#holds = mustHave || !isHeld
    if (this.#holds) keep.set(this.#mark, true)
    return this.#holds
  }

  #asks(question) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PATIENCE, false)
      this.#heard = () => {
        clearTimeout(timer)
        resolve(true)
      }
      this.#channel.postMessage(question)
    })
  }
}

// Somebody who uses client.js beside the real server, and what they have been told.

import { Switchboard } from '../../../src/web/client.js'
import { Server } from '../server.mjs'

const PATIENCE = 20_000

export class Person {
  frames = []
  states = []
  statuses = []
  #waits = []

  constructor(number, server, { path = `/ws/${number}?presence=delta`, ...options } = {}) {
    this.client = new Switchboard({ url: () => `ws://127.0.0.1:${server.port}${path}`, ...options })
    this.client.addEventListener('frame', ({ detail }) => this.#heard(this.frames, detail))
    this.client.addEventListener('state', ({ detail }) => this.#heard(this.states, detail))
    this.client.addEventListener('status', ({ detail }) => this.#heard(this.statuses, detail))
    this.client.start()
  }

  #heard(list, detail) {
    list.push(detail)
    for (const look of this.#waits) look()
  }

  /** Waits until something holds: it is looked at again with each event. */
  until(holds, what) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`never: ${what}`)), PATIENCE)
      const look = () => {
        if (!holds()) return
        clearTimeout(timer)
        this.#waits = this.#waits.filter((one) => one !== look)
        resolve()
      }
      this.#waits.push(look)
      look()
    })
  }

  is(state) {
    return this.until(() => this.client.state === state, state)
  }

  get texts() {
    return this.frames.filter(({ type }) => type === 'message').map(({ text }) => text)
  }

  delivered(id) {
    return this.until(() => this.statuses.some((one) => one.id === id && one.status === 'delivered'), `${id} is delivered`)
  }
}

/** A story with a server of its own. */
export async function withServer(flags, story) {
  const server = new Server(flags)
  await server.start()
  const people = []
  try {
    await story(server, (number, options) => {
      const person = new Person(number, server, options)
      people.push(person)
      return person
    })
  } finally {
    for (const { client } of people) client.stop()
    await server.end('SIGKILL')
  }
}

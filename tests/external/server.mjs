// The server as a child process, for the tests in JavaScript: `$SWITCHBOARD_BIN`, on a free port of the loopback.

import { spawn } from 'node:child_process'

const PATIENCE = 20_000 // in milliseconds

/** The server on one port, which can be killed and started again. */
export class Server {
  #process = null
  #log = ''

  constructor(flags) {
    this.flags = flags
    this.port = 0
  }

  async start() {
    const flags = ['--listen', `127.0.0.1:${this.port}`, ...this.flags]
    const child = spawn(process.env.SWITCHBOARD_BIN, flags, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = child
    const port = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server did not start: ${this.#log}`)), PATIENCE)
      child.once('exit', () => reject(new Error(`the server has ended: ${this.#log}`)))
      child.stderr.on('data', (data) => {
        this.#log += data
        const port = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(this.#log)?.[1]
        if (port) resolve(Number(port))
        clearTimeout(port && timer)
      })
    })
    this.port = port
    this.#log = ''
  }

  /** Ends the server, at once or in good order. */
  async end(signal) {
    const child = this.#process
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
  }
}

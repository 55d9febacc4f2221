// Thousands of people who are online and do nothing. A WebSocket of Node for each would take too much memory, so
// these are plain sockets that have asked for an upgrade.

import { connect } from 'node:net'

const AT_ONCE = 100

export class Crowd {
  #port
  #sockets = []

  constructor(port, count) {
    this.#port = port
    this.numbers = Array.from({ length: count }, (_, at) => String(20_000_000_000 + at))
  }

  /** Comes online. */
  async come() {
    const waiting = [...this.numbers]
    const some = async () => {
      for (let number = waiting.pop(); number; number = waiting.pop()) this.#sockets.push(await this.#enter(number))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, some))
  }

  leave() {
    for (const socket of this.#sockets.splice(0)) socket.destroy()
  }

  #enter(number) {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#port, '127.0.0.1')
      socket.write(
        `GET /ws/${number}?presence=none HTTP/1.1\r\nHost: crowd\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      )
      socket.on('error', reject)
      socket.once('data', (data) => {
        socket.removeListener('error', reject)
        // The server may be killed later on.
        socket.on('error', () => {}).resume()
        if (data.toString().startsWith('HTTP/1.1 101 ')) resolve(socket)
        else reject(new Error(`nobody comes in: ${data}`))
      })
    })
  }
}

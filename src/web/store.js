// What this device keeps: tables in IndexedDB, or in memory where the browser has none. Each row belongs to an
// `owner`: the number or the name of the person who has come in. The key of a row is an array of some of its fields.
//
// Rows that change many times in a short time are written once. What is read is always what was written last.

const NAME = 'switchboard'
const TABLES = {
  talks: ['owner', 'place'],
  messages: ['owner', 'place', 'n'],
  outbox: ['owner', 'id'],
}
const WRITE_AFTER = 50 // milliseconds

export class Store {
  #db
  #memory = new Map(Object.keys(TABLES).map((table) => [table, new Map()]))
  #waiting = new Map() // table and key, as text → {table, key, row}; without a row it is removed
  #timer = 0
  #writing = Promise.resolve()

  constructor(db) {
    this.#db = db
    /** Called when something could not be kept. */
    this.failed = () => {}
  }

  static async open() {
    try {
      const request = indexedDB.open(NAME, 1)
      request.onupgradeneeded = () => {
        for (const [table, keyPath] of Object.entries(TABLES)) request.result.createObjectStore(table, { keyPath })
      }
      const db = await done(request)
      // Another tab wipes everything.
      db.onversionchange = () => db.close()
      return new Store(db)
    } catch {
      return new Store(null)
    }
  }

  /** Whether the rows are there after the page has closed. */
  get isLasting() {
    return this.#db !== null
  }

  put(table, row) {
    this.#change(table, TABLES[table].map((field) => row[field]), row)
  }

  remove(table, key) {
    this.#change(table, key, null)
  }

  #change(table, key, row) {
    this.#waiting.set(`${table} ${JSON.stringify(key)}`, { table, key, row })
    this.#timer ||= setTimeout(() => this.flush(), WRITE_AFTER)
  }

  /** Writes what waits. Resolves when it is kept. */
  flush() {
    clearTimeout(this.#timer)
    this.#timer = 0
    const changes = [...this.#waiting.values()]
    this.#waiting.clear()
    if (changes.length > 0) this.#writing = this.#write(changes).catch((error) => this.failed(error))
    return this.#writing
  }

  async #write(changes) {
    if (!this.#db) {
      for (const { table, key, row } of changes) {
        if (row) this.#memory.get(table).set(JSON.stringify(key), { key, row })
        else this.#memory.get(table).delete(JSON.stringify(key))
      }
      return
    }
    const transaction = this.#db.transaction(Object.keys(TABLES), 'readwrite')
    for (const { table, key, row } of changes) {
      const into = transaction.objectStore(table)
      if (row) into.put(row)
      else into.delete(key)
    }
    // A page that is closed ends what is not committed.
    transaction.commit?.()
    await finished(transaction)
  }

  /** Rows whose key begins with these fields, in order. With `limit` the last ones; with `before`, those whose next field is
   *  less than this. */
  async rows(table, prefix, { before, limit = Infinity } = {}) {
    await this.flush()
    if (!this.#db) {
      const at = prefix.length
      const all = [...this.#memory.get(table).values()].filter(({ key }) => prefix.every((field, i) => field === key[i]))
      const found = all.filter(({ key }) => before === undefined || key[at] < before)
      found.sort((a, b) => (a.key[at] < b.key[at] ? -1 : 1))
      return found.slice(limit === Infinity ? 0 : -limit).map(({ row }) => row)
    }
    const from = this.#db.transaction(table).objectStore(table)
    const range = IDBKeyRange.bound(prefix, [...prefix, before ?? []], false, true)
    if (limit === Infinity) return done(from.getAll(range))
    const found = []
    const request = from.openCursor(range, 'prev')
    await new Promise((resolve, reject) => {
      request.onerror = () => reject(request.error)
      request.onsuccess = () => {
        const cursor = request.result
        if (!cursor || found.push(cursor.value) >= limit) resolve()
        else cursor.continue()
      }
    })
    return found.reverse()
  }

  /** Calls `look` with each row of a table that is the owner's, the last one first, until it returns false. */
  async each(table, owner, look) {
    await this.flush()
    if (!this.#db) {
      for (const row of (await this.rows(table, [owner])).reverse()) if (look(row) === false) return
      return
    }
    const range = IDBKeyRange.bound([owner], [owner, []])
    const request = this.#db.transaction(table).objectStore(table).openCursor(range, 'prev')
    await new Promise((resolve, reject) => {
      request.onerror = () => reject(request.error)
      request.onsuccess = () => {
        const cursor = request.result
        if (!cursor || look(cursor.value) === false) resolve()
        else cursor.continue()
      }
    })
  }

  /** Removes all rows whose key begins with these fields. */
  async clear(table, prefix) {
    for (const row of await this.rows(table, prefix)) this.remove(table, TABLES[table].map((field) => row[field]))
    await this.flush()
  }

  /** Removes everything of everybody. */
  async wipe() {
    await this.flush()
    for (const rows of this.#memory.values()) rows.clear()
    if (!this.#db) return
    const transaction = this.#db.transaction(Object.keys(TABLES), 'readwrite')
    for (const table of Object.keys(TABLES)) transaction.objectStore(table).clear()
    await finished(transaction)
  }
}

/** Small things that are needed at once: who comes in, and the settings. The browser may keep nothing. */
export const keep = {
  get(name, area = globalThis.localStorage) {
    try {
      return JSON.parse(area.getItem(`switchboard.${name}`))
    } catch {
      return null
    }
  },
  set(name, value, area = globalThis.localStorage) {
    try {
      if (value === null) area.removeItem(`switchboard.${name}`)
      else area.setItem(`switchboard.${name}`, JSON.stringify(value))
    } catch {
      // Then it is forgotten when the page closes.
    }
  },
}

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(request.error)
})

const finished = (transaction) => new Promise((resolve, reject) => {
  transaction.oncomplete = () => resolve()
  transaction.onerror = transaction.onabort = () => reject(transaction.error)
})

// client.js with users: `switchboard.v1` beside the real server.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Person, withServer } from './person.mjs'

/** A server with a folder for data, and users who have signed in, each on as many devices as one likes. */
async function withUsers(names, story) {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-client-js-'))
  try {
    await withServer(['--data', folder], async (server, person) => {
      const tokens = {}
      for (const username of names) {
        const post = (path) =>
          fetch(`http://127.0.0.1:${server.port}${path}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ username, password: 'correct horse' }),
          }).then((response) => response.json())
        await post('/register')
        tokens[username] = (await post('/login')).token
      }
      const device = async (name) => {
        const path = `/ws?token=${tokens[name]}&presence=delta`
        const user = person(name, { path, protocols: ['switchboard.v1'] })
        await user.is('open')
        return user
      }
      await story(server, device)
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('two users write to each other, and what one device says the other has, too', () =>
  withUsers(['ada', 'bob'], async (_, device) => {
    const [ada, tablet, bob] = [await device('ada'), await device('ada'), await device('bob')]
    assert.deepEqual([ada.frames[0].type, ada.frames[0].user], ['welcome', 'ada'])
    await ada.until(() => ada.client.online.has('bob'), 'ada sees bob')
    const id = ada.client.message({ to: 'bob', text: 'hello' })
    await ada.delivered(id)
    assert.deepEqual(ada.statuses.map(({ status }) => status), ['queued', 'sent', 'stored', 'delivered'])
    await bob.until(() => bob.texts.length === 1, 'bob has it')
    await tablet.until(() => tablet.texts.length === 1, 'the tablet has it')
    assert.deepEqual(ada.texts, [])
    const { messages } = await bob.client.ask({ type: 'history', to: 'ada' })
    assert.deepEqual(messages.map(({ from, text }) => [from, text]), [['ada', 'hello']])
    assert.equal(messages[0].mid, ada.statuses.at(-1).mid)
    await assert.rejects(bob.client.ask({ type: 'delete', mid: messages[0].mid }), { code: 'not_yours' })
    const edited = await ada.client.ask({ type: 'edit', mid: messages[0].mid, text: 'hello!' })
    assert.equal(edited.type, 'edited')
  }))

test('what users write while the server is gone is stored once, in its order', () =>
  withUsers(['ada', 'bob'], async (server, device) => {
    const [ada, bob] = [await device('ada'), await device('bob')]
    const before = ada.client.message({ text: 'before' })
    // It may be stored, or not: nobody has heard yet.
    await server.end('SIGKILL')
    await ada.is('waiting')
    const ids = ['one', 'two', 'three'].map((text) => ada.client.message({ text }))
    await server.start()
    ada.client.tryNow()
    const isStored = (id) => ada.statuses.some((one) => one.id === id && one.status === 'stored')
    await ada.until(() => [before, ...ids].every(isStored), 'all are stored')
    bob.client.tryNow()
    await bob.is('open')
    const { messages } = await bob.client.ask({ type: 'history' })
    assert.deepEqual(messages.map(({ text }) => text), ['before', 'one', 'two', 'three'])
  }))

test('a token that is not valid is the end', () =>
  withUsers([], async (server) => {
    const nobody = new Person('nobody', server, { path: '/ws?token=x', protocols: ['switchboard.v1'] })
    await nobody.is('closed')
    assert.equal(nobody.client.reason.code, 4001)
  }))

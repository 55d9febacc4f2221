// The second door: people with accounts, whose messages the server keeps. A private chat with answers, changes and
// deletions, the chat of everybody, what is unread, a history that is read page by page, a second device, and a way out.

import { User } from '../phone.mjs'

export const accounts = true

export default async (t) => {
  t.expectNetworkErrors() // A login that fails is one for the browser.
  const ann = await t.newUser('Ann')
  const bob = await t.newUser('Bob', { width: 1280, height: 800 })
  await ann.turnTo('Bob')
  await ann.write('Hello, <b>Bob</b>')
  await ann.isTold('Hello, <b>Bob</b>', 'delivered')
  await bob.row('Ann').filter({ hasText: '1 unread' }).waitFor()
  await bob.turnTo('Ann')
  await bob.reads('Hello, <b>Bob</b>')
  await ann.isTold('Hello, <b>Bob</b>', 'read')
  await t.until(async () => (await bob.page.title()) === 'Switchboard', 'nothing is unread')
  // Who is writing is told.
  await ann.line.pressSequentially('W')
  await bob.page.getByText('Ann is writing').waitFor()
  await ann.line.fill('')
  // An answer, with its quote.
  await bob.choose('Hello, <b>Bob</b>', 'Answer')
  await bob.write('Hello, Ann')
  await ann.message('Hello, Ann').getByRole('button', { name: 'Hello, <b>Bob</b>' }).waitFor()
  // A change, which the quote shows too, and a deletion.
  await ann.choose('Hello, <b>Bob</b>', 'Edit')
  await ann.write('Hello, Robert')
  await bob.reads('Hello, Robert')
  await bob.message('Hello, Ann').getByRole('button', { name: 'Hello, Robert' }).waitFor()
  await ann.write('Not for you')
  await bob.reads('Not for you')
  await ann.choose('Not for you', 'Delete for everybody')
  await bob.reads('This message was deleted.')
  t.same(await bob.message('Not for you').count(), 0, 'the deleted text')
  // Everybody.
  await ann.turnTo('Everybody')
  await ann.write('Hello, all')
  await ann.isTold('Hello, all', 'sent')
  await bob.row('Everybody').filter({ hasText: 'Ann: Hello, all' }).waitFor()
  // What is written while the server is away arrives in its order, once.
  await ann.turnTo('Bob')
  await t.kill()
  await ann.says('The next try is at')
  for (const text of ['one', 'two', 'three']) await ann.write(text)
  await t.restart()
  await ann.tryNow()
  await bob.tryNow()
  await bob.reads('three')
  await ann.isTold('three', 'read')
  const expected = ['Hello, Robert', 'Hello, Ann', 'This message was deleted.', 'one', 'two', 'three']
  t.same(await bob.texts(), expected, 'what bob sees')
  t.same(await ann.texts(), expected, 'what ann sees')
  // A long history, and a message of its beginning that is quoted.
  for (let n = 0; n < 80; n += 1) await ann.write(`${n}`)
  await ann.isTold('79', 'read')
  await ann.choose('Hello, Robert', 'Answer')
  await ann.write('Remember?')
  await bob.reads('Remember?')
  await bob.page.reload()
  await bob.says('Connected')
  await bob.reads('Remember?')
  t.same(await bob.message('Hello, Robert').count(), 0, 'the page begins later')
  await bob.message('Remember?').getByRole('button').first().click()
  await bob.message('Hello, Robert').waitFor()
  // A draft is kept, and the tab is still signed in after it was loaded again.
  await bob.press('Newest messages ↓')
  await bob.line.fill('a draft')
  await bob.page.reload()
  await bob.reads('Remember?')
  t.same(await bob.line.inputValue(), 'a draft', 'the draft')
  // Another device of Bob's: his messages are there, and it hears what the first one says.
  const other = await t.newPage()
  await other.getByRole('button', { name: 'With a name' }).click()
  await other.getByLabel('Name', { exact: true }).fill('Bob')
  await other.getByLabel('Password').fill('not the password')
  await other.getByRole('button', { name: 'Sign in' }).click()
  await other.getByRole('alert').filter({ hasText: 'Invalid credentials' }).waitFor()
  const bob2 = await User.signIn(other, 'Bob')
  await bob2.turnTo('Ann')
  await bob2.reads('Remember?')
  await bob.write('From the other device')
  await bob2.isTold('From the other device', 'read')
  // Signed out: the token is worth nothing.
  const token = await bob.page.evaluate(() => JSON.parse(sessionStorage.getItem('switchboard.who')).token)
  await bob.press('Settings')
  await bob.press('Sign out')
  await bob.page.getByLabel('Password').waitFor()
  const status = await bob.page.evaluate((old) => fetch('/users', { headers: { authorization: `Bearer ${old}` } }).then((answer) => answer.status), token)
  t.same(status, 401, 'the status of the old token')
  // The other device is signed out from elsewhere: it says so, and leads to the door.
  await bob2.page.evaluate(() => {
    const { token: own } = JSON.parse(sessionStorage.getItem('switchboard.who'))
    return fetch('/logout', { method: 'POST', headers: { authorization: `Bearer ${own}` } }).then((answer) => answer.json())
  })
  await bob2.says('You are not signed in any more')
  await bob2.press('Sign in again')
  await bob2.page.getByLabel('Password').waitFor()
  t.same(await bob.page.evaluate(() => sessionStorage.getItem('switchboard.who')), null, 'what is left of the login')
}

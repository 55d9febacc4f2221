// What the device keeps: names, drafts and messages are there when the page is opened again, can be searched, exported,
// deleted one by one, and wiped. The server has none of it.

import { readFileSync } from 'node:fs'

export default async (t) => {
  const ann = await t.newPhone('0012345678')
  const bob = await t.newFriend('0087654321')
  await ann.turnTo('0087654321')
  await ann.write('The first one')
  await ann.isTold('The first one', 'delivered')
  await ann.write('A needle in the hay')
  bob.message({ to: '0012345678', text: 'An answer' })
  await ann.reads('An answer')
  // A name that one gives to a number.
  await ann.press('About this chat')
  await ann.press('Give this number a name')
  await ann.page.getByLabel('Name of 0087654321').fill('Bob the builder')
  await ann.press('Save')
  await ann.page.getByRole('heading', { name: 'Bob the builder' }).waitFor()
  // A draft for each chat.
  await ann.line.fill('not sent yet')
  await ann.back()
  await ann.row('Bob the builder').filter({ hasText: 'Draft: not sent yet' }).waitFor()
  // The page is closed and opened: the person is in, and all is there.
  await ann.page.reload()
  await ann.says('Connected')
  await ann.row('Bob the builder').click()
  await ann.reads('An answer')
  t.same(await ann.texts(), ['The first one', 'A needle in the hay', 'An answer'], 'the messages after the page was opened again')
  t.same(await ann.line.inputValue(), 'not sent yet', 'the draft')
  await ann.isTold('The first one', 'delivered')
  // What is found leads to its message.
  await ann.back()
  await ann.find.fill('NEEDLE')
  await ann.row('A needle in the hay').click()
  await t.until(() => ann.page.evaluate(() => document.activeElement.textContent.includes('needle')), 'the message is found')
  // A message is deleted on this device.
  await ann.choose('A needle in the hay', 'Delete on this device')
  await ann.message('A needle in the hay').waitFor({ state: 'detached' })
  await ann.page.reload()
  await ann.reads('An answer')
  t.same(await ann.texts(), ['The first one', 'An answer'], 'the messages after one was deleted')
  // All of it in a file.
  await ann.back()
  await ann.press('Settings')
  const download = ann.page.waitForEvent('download')
  await ann.press('Export everything of this number')
  const file = JSON.parse(readFileSync(await (await download).path(), 'utf8'))
  t.same([file.number, file.talks[0].name, file.messages.map(({ text }) => text)], ['0012345678', 'Bob the builder', ['The first one', 'An answer']], 'the file')
  // All of it is gone.
  await ann.press('Wipe everything on this device')
  await ann.press('Wipe everything')
  await ann.page.getByLabel('Your number').waitFor()
  const left = await ann.page.evaluate(async () => {
    const [{ name }] = await indexedDB.databases()
    const db = await new Promise((resolve) => (indexedDB.open(name).onsuccess = (event) => resolve(event.target.result)))
    const rows = [...db.objectStoreNames].map((table) => new Promise((resolve) => {
      db.transaction(table).objectStore(table).count().onsuccess = (event) => resolve(event.target.result)
    }))
    const counts = await Promise.all(rows)
    db.close()
    return [...counts, localStorage.getItem('switchboard.who')]
  })
  t.same(left, [0, 0, 0, null], 'what is left')
}

// The page of ten lines in CLIENTS.md: it chats, as it says there.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const page = readFileSync(new URL('../../../../src/dialects/CLIENTS.md', import.meta.url), 'utf8')
const [, html] = /```html\n([^]*?)```/.exec(page)

export function flags(folder) {
  mkdirSync(join(folder, 'static'))
  writeFileSync(join(folder, 'static/chat.html'), html)
  return ['--pages', folder]
}

export default async (t) => {
  t.same(html.trimEnd().split('\n').length, 10, 'the lines of the page')
  const open = (number) => t.newPage({ url: `${t.url}/static/chat.html#${number}` })
  const [ann, bob] = [await open('0012345678'), await open('0087654321')]
  const write = async (page, to, text) => {
    await page.locator('[name=to]').fill(to)
    await page.locator('[name=text]').fill(text)
    await page.getByRole('button').click()
  }
  await write(ann, '0087654321', '<b>Hello?</b>')
  await bob.getByText('0012345678: <b>Hello?</b>').waitFor()
  // The server is killed, and what was written meanwhile arrives once it is back.
  await t.kill()
  await write(bob, '0012345678', 'Are you there?')
  await t.restart()
  await ann.getByText('0087654321: Are you there?').waitFor()
  t.same(await ann.locator('li').count(), 1, 'messages')
}

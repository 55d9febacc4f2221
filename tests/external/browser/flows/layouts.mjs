// At four sizes, in light and dark: nothing is wider than the screen, nothing that can be used lies over something
// else, and axe-core finds nothing. At the door, among the people, in a chat with its menus, in the settings, and
// without a connection.

import { SIZES, check, newCheckedPage } from '../geometry.mjs'
import { Phone } from '../phone.mjs'

export default async (t) => {
  const number = (at) => `00${10_000_000 + at}`
  const pages = []
  for (const [at, [width, height]] of SIZES.entries()) {
    const colorScheme = at % 2 === 0 ? 'light' : 'dark'
    const page = await newCheckedPage(t, { width, height, colorScheme })
    const name = `${width}×${height}, ${colorScheme}`
    await check(t, page, `the door at ${name}`)
    const phone = await Phone.enter(page, number(at))
    await check(t, page, `the people at ${name}`)
    await phone.turnTo(number((at + 1) % SIZES.length))
    await phone.write('Hello')
    await phone.write(`A long message ${'of many words '.repeat(40)}${'x'.repeat(300)}`)
    await phone.reads('Hello')
    await check(t, page, `a chat at ${name}`)
    await phone.message('Hello').getByRole('button', { name: 'What can be done' }).click()
    await check(t, page, `the menu of a message at ${name}`)
    await phone.press('Answer')
    await check(t, page, `an answer at ${name}`)
    await page.evaluate(() => (document.documentElement.dir = 'rtl'))
    await check(t, page, `from right to left at ${name}`)
    await page.evaluate(() => document.documentElement.removeAttribute('dir'))
    await phone.line.fill('A draft')
    await phone.back()
    await phone.find.fill('message')
    await phone.row('A long message').waitFor()
    await check(t, page, `a search at ${name}`)
    await phone.find.fill('')
    await phone.press('Settings')
    await check(t, page, `the settings at ${name}`)
    await phone.press('Close')
    await phone.turnTo('0099999999')
    await phone.write('Nobody has this')
    await phone.isTold('Nobody has this', 'waits until they are online')
    await phone.back()
    await page.getByRole('button', { name: /^[0-9]+ waiting$/ }).click()
    await check(t, page, `what waits at ${name}`)
    await phone.press('Close')
    pages.push([phone, name])
  }
  await t.kill()
  for (const [phone, name] of pages) {
    await phone.says('The next try is at')
    await check(t, phone.page, `without a connection at ${name}`)
  }
}

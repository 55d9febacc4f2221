// At four sizes, in light and dark: nothing is wider than the screen, nothing that can be used lies over something
// else, and axe-core finds nothing. At the door, among the people, in a chat with its menus, in the settings, and
// without a connection.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Phone } from '../phone.mjs'

const SIZES = [[320, 640], [360, 740], [768, 1024], [1280, 800]]
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

export default async (t) => {
  const axe = readFileSync(join(t.packages, 'node_modules/axe-core/axe.min.js'), 'utf8')
  const number = (at) => `00${10_000_000 + at}`
  const pages = []
  for (const [at, [width, height]] of SIZES.entries()) {
    const colorScheme = at % 2 === 0 ? 'light' : 'dark'
    // axe-core is put into the page from outside, which the page's policy forbids to everybody else.
    const page = await t.newPage({ width, height, colorScheme, bypassCSP: true })
    await page.addScriptTag({ content: axe })
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

async function check(t, page, what) {
  const found = await page.evaluate(async (rules) => {
    const usable = [...(document.querySelector('dialog[open]') ?? document).querySelectorAll('button, input, textarea, a[href], select')]
    // What is scrolled out of its frame is not there.
    const isInFrame = (one) => {
      const frame = one.closest('#log, #rows-frame, dialog')?.getBoundingClientRect()
      const { top, bottom } = one.getBoundingClientRect()
      return !frame || (top >= frame.top - 1 && bottom <= frame.bottom + 1)
    }
    const isThere = (one) => one.checkVisibility({ visibilityProperty: true }) && isInFrame(one)
    const boxes = usable.filter(isThere).map((one) => {
      const { left, top, right, bottom } = one.getBoundingClientRect()
      return { name: one.id || one.textContent.trim(), left, top, right, bottom, one }
    })
    const overlap = (a, b) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1
    const pairs = boxes.flatMap((a, at) => boxes.slice(at + 1).filter((b) => overlap(a, b)).map((b) => `${a.name} and ${b.name}`))
    const outside = boxes.filter(({ left, right }) => left < -1 || right > innerWidth + 1).map(({ name }) => name)
    const small = boxes.filter((box) => box.right - box.left < 24 || box.bottom - box.top < 24).map(({ name }) => name)
    const { violations } = await axe.run(document, { runOnly: rules })
    return {
      width: document.documentElement.scrollWidth - innerWidth,
      pairs,
      outside,
      small,
      violations: violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
      fonts: boxes.filter(({ one }) => one.matches('input, textarea') && parseFloat(getComputedStyle(one).fontSize) < 16).length,
    }
  }, RULES)
  t.holds(found.width <= 0, `${what}: ${found.width} px too wide`)
  t.same(found.pairs, [], `${what}: one lies over the other`)
  t.same(found.outside, [], `${what}: outside of the screen`)
  t.same(found.small, [], `${what}: smaller than a finger`)
  t.same(found.fonts, 0, `${what}: inputs on which a phone zooms in`)
  t.same(found.violations, [], `${what}: axe-core`)
}

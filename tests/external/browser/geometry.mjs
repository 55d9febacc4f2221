// Looks at a page as it is: nothing is wider than the screen, nothing that can be used lies over something else or is
// smaller than a finger, and axe-core finds nothing.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

export const SIZES = [[320, 640], [360, 740], [768, 1024], [1280, 800]]

/** A page that can be checked. axe-core is put into it from outside, which its policy forbids to everybody else. */
export async function newCheckedPage(t, options) {
  const page = await t.newPage({ ...options, bypassCSP: true })
  await page.addScriptTag({ content: readFileSync(join(t.packages, 'node_modules/axe-core/axe.min.js'), 'utf8') })
  return page
}

/** Fails if something is wrong with the page. */
export async function check(t, page, what) {
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

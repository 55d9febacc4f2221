// The same for people with accounts: the door with a name, the list with rooms, a chat of many, a room and its members.

import { SIZES, check, newCheckedPage } from '../geometry.mjs'
import { User } from '../phone.mjs'

export const accounts = true

export default async (t) => {
  for (const [at, [width, height]] of SIZES.entries()) {
    const colorScheme = at % 2 === 0 ? 'dark' : 'light'
    const page = await newCheckedPage(t, { width, height, colorScheme })
    const name = `${width}×${height}, ${colorScheme}`
    await page.getByRole('button', { name: 'With a name' }).click()
    await check(t, page, `the door at ${name}`)
    const user = await User.register(page, `A user with a name of 32 char ${at}`)
    await user.turnTo('Everybody')
    await user.write(`A long message ${'of many words '.repeat(20)}${'x'.repeat(300)}`)
    if (at > 0) await page.getByRole('log').getByText('A user with a name of 32 char 0', { exact: true }).waitFor()
    await check(t, page, `everybody at ${name}`)
    await user.back()
    await user.press('New room')
    await check(t, page, `a new room at ${name}`)
    await user.page.getByLabel('Name of the room').fill(`A room with a long name ${at}`)
    await user.press('Save')
    await user.page.getByRole('heading', { name: `A room with a long name ${at}` }).waitFor()
    await user.press('About this chat')
    if (at > 0) {
      await page.getByLabel('Add somebody').fill('A user with a name of 32 char 0')
      await user.press('Add')
      await page.getByRole('button', { name: 'Remove A user' }).waitFor()
    }
    await check(t, page, `the members at ${name}`)
    await user.press('Close')
    await user.back()
    await user.press('Settings')
    await check(t, page, `the settings at ${name}`)
    await user.press('Close')
  }
}

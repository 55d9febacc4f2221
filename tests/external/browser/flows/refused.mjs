// Whoever is not let in is told why, in words: a number that is none, a server that is full, a server that has gone. And
// whoever leaves is out.

import { Phone } from '../phone.mjs'

export const flags = ['--max-connections', '1']

export default async (t) => {
  t.expectNetworkErrors()
  const page = await t.newPage()
  const connect = async (number) => {
    await page.getByLabel('Your number').fill(number)
    await page.getByRole('button', { name: 'Connect' }).click()
  }
  const says = (text) => page.getByRole('status').filter({ hasText: text }).waitFor()
  for (const number of ['0123 456', '٠١٢٣٤٥٦٧٨٩', '0'.repeat(33), '01234567890x']) {
    await connect(number)
    await page.getByRole('alert').filter({ hasText: '10 to 32 digits' }).waitFor()
    const isThere = await page.getByLabel('Your number').evaluate((input) => input === document.activeElement)
    t.holds(isThere, 'the focus is where the mistake is')
  }
  const bob = await t.newFriend('0087654321')
  await connect('(012) 345-6789 0')
  await says('The next try is at')
  // A page cannot see why it was refused, and asks for it.
  await says(/full|too many/i)
  await t.kill()
  await page.getByRole('button', { name: 'Try now' }).click()
  await says('The server cannot be reached')
  bob.stop()
  await t.restart()
  await new Phone(page).tryNow()
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'Leave: use another number' }).click()
  await page.getByLabel('Your number').waitFor()
  await page.reload()
  await page.getByLabel('Your number').waitFor()
}

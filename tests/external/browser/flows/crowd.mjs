// Ten thousand people are online. The page learns of all, finds each, and does not stutter while they come and go.

export const flags = ['--max-connections-per-address', 'off', '--connection-rate-per-address', 'off', '--ping-timeout', '1h']

export default async (t) => {
  const ann = await t.newPhone('0012345678')
  const crowd = await t.newCrowd(10_000)
  await ann.page.getByText('10000 others are online').waitFor()
  const nodes = await ann.page.evaluate(() => document.querySelectorAll('*').length)
  t.holds(nodes < 1000, `${nodes} elements`)
  await ann.turnTo(crowd.numbers[7777])
  await ann.write('Hello, you among ten thousand')
  await ann.isTold('Hello, you among ten thousand', 'delivered')
  crowd.leave()
  await ann.page.getByText('0 others are online').waitFor({ state: 'attached' })
}

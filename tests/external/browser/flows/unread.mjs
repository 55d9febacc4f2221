// What is new is counted, and a line stands where one has stopped to read. To come back to the page is not to read: the
// count goes when the person does something, and the line when they answer.

export default async (t) => {
  const ann = await t.newPhone('0012345678', { width: 1280, height: 800 })
  const bob = await t.newFriend('0087654321')
  const eve = await t.newFriend('0066666666')
  const say = (text) => bob.message({ to: '0012345678', text })
  const receipts = () => bob.frames.filter(({ type }) => type === 'receipt').length
  const lines = () => ann.page.getByText('New messages', { exact: true }).count()
  say('one')
  say('two')
  await ann.row('0087654321').filter({ hasText: '2 unread' }).waitFor()
  t.same(await ann.page.title(), '(2) Switchboard', 'the title')
  t.same(receipts(), 0, 'receipts before the chat was opened')
  await ann.turnTo('0087654321')
  await t.until(() => receipts() === 2, 'both are read')
  const order = await ann.page.locator('#messages > li:not([aria-hidden])').evaluateAll((items) => items.map((item) => item.className || item.querySelector('.text').textContent))
  t.same(order, ['line', 'one', 'two'], 'the line stands before the first one')
  // The person goes away, with the chat open.
  await ann.page.evaluate(() => dispatchEvent(new Event('blur')))
  say('three')
  await ann.reads('three')
  await t.until(async () => (await ann.page.title()) === '(1) Switchboard', 'it is unread')
  await ann.page.evaluate(() => dispatchEvent(new Event('focus')))
  t.same([receipts(), await lines(), await ann.page.title()], [2, 1, '(1) Switchboard'], 'focus alone reads nothing')
  await ann.page.mouse.move(600, 300)
  await t.until(() => receipts() === 3, 'now it is read')
  t.same(await lines(), 1, 'the line stays')
  // Another chat and back: there is nothing new.
  await ann.turnTo('0066666666')
  eve.message({ to: '0012345678', text: 'Hi' })
  await ann.reads('Hi')
  await ann.turnTo('0087654321')
  await ann.reads('three')
  t.same(await lines(), 0, 'lines when all was read')
  // Many that are new: the page stops where the person has stopped.
  await ann.turnTo('0066666666')
  for (let n = 1; n <= 60; n += 1) say(`new ${n}`)
  await ann.row('0087654321').filter({ hasText: '60 unread' }).waitFor()
  await ann.turnTo('0087654321')
  await ann.message('new 1').waitFor()
  const isIn = (text) => ann.message(text).evaluate((item) => {
    const [box, frame] = [item, document.querySelector('#log')].map((one) => one.getBoundingClientRect())
    return box.top >= frame.top && box.bottom <= frame.bottom
  })
  t.holds(await isIn('new 1'), 'the first new one is seen')
  t.holds(!(await isIn('new 60')), 'the last one is not')
  await ann.row('0087654321').filter({ hasText: 'unread' }).waitFor()
  await ann.press('Newest messages ↓')
  await t.until(() => isIn('new 60'), 'the last one is seen')
  await t.until(async () => (await ann.page.title()) === 'Switchboard', 'all is read')
  await ann.write('An answer')
  await t.until(async () => (await lines()) === 0, 'the line is gone')
}

// A message to somebody who is offline waits on the device, also when the page is closed meanwhile. It can be discarded,
// and what is left is sent in its order when they come. What the server refuses is shown as refused.

export default async (t) => {
  const ann = await t.newPhone('0012345678')
  await ann.turnTo('0087654321')
  for (const text of ['one', 'two', 'three', 'four']) await ann.write(text)
  await ann.isTold('four', 'waits until they are online')
  await ann.choose('two', 'Do not send it')
  await ann.message('two').waitFor({ state: 'detached' })
  await ann.page.reload()
  await ann.says('Connected')
  await ann.isTold('four', 'waits until they are online')
  await ann.back()
  await ann.press('3 waiting')
  const waiting = ann.page.getByRole('dialog').getByRole('listitem')
  t.same(await waiting.count(), 3, 'messages in the list of those that wait')
  await waiting.filter({ hasText: 'three' }).getByRole('button', { name: 'Discard' }).click()
  await ann.press('Close')
  await ann.page.getByRole('button', { name: '2 waiting', exact: true }).waitFor()
  const bob = await t.newFriend('0087654321')
  const texts = () => bob.frames.filter(({ type }) => type === 'message').map(({ text }) => text)
  await t.until(() => texts().includes('four'), 'bob has the last one')
  t.same(texts(), ['one', 'four'], 'what bob has')
  await ann.turnTo('0087654321')
  await ann.isTold('four', 'delivered')
  // Too long: it is said at once, and the text is not lost.
  await ann.write('é'.repeat(10_000))
  await ann.page.getByRole('alert').filter({ hasText: '3616 bytes too long' }).waitFor()
  t.same((await ann.line.inputValue()).length, 10_000, 'the text is still there')
}

// A message that answers another one has a quote, which leads to it. Programs that know no quotes show it as a text. Who
// is writing is told, and can be hidden, as can what one has read.

export default async (t) => {
  const ann = await t.newPhone('0012345678')
  const bob = await t.newPhone('0087654321')
  const eve = await t.newFriend('0066666666')
  await ann.turnTo('0087654321')
  await bob.turnTo('0012345678')
  await ann.write('Where shall we meet?')
  await bob.reads('Where shall we meet?')
  for (let n = 0; n < 70; n += 1) await ann.write(`${n}`)
  await bob.reads('69')
  // The page that bob has now begins later: the question is in the store alone.
  await bob.page.reload()
  await bob.reads('69')
  t.same(await bob.message('Where shall we meet?').count(), 0, 'the question is not on the page')
  await ann.choose('Where shall we meet?', 'Answer')
  await ann.write('Say something!')
  await bob.reads('Say something!')
  await bob.message('Say something!').getByRole('button', { name: 'Where shall we meet?' }).click()
  await bob.message('Where shall we meet?').waitFor()
  await t.until(() => bob.page.evaluate(() => document.activeElement.textContent.includes('Where shall we meet?')), 'the quote leads to it')
  // A program without quotes.
  await ann.turnTo('0066666666')
  eve.message({ to: '0012345678', text: 'One\nline\nor three' })
  await ann.page.getByRole('log').getByText('or three').waitFor()
  await ann.page.getByRole('button', { name: 'What can be done' }).last().click()
  await ann.press('Answer')
  await ann.write('Three')
  await t.until(() => eve.frames.some(({ text }) => text === '> One line or three\n\nThree'), 'eve gets the quote as a text')
  // Typing is told, until the message comes.
  await ann.turnTo('0087654321')
  await bob.line.pressSequentially('Well')
  await ann.page.getByText('0087654321 is writing').waitFor()
  await bob.write('At the station')
  await ann.reads('At the station')
  await ann.page.getByText('0087654321 is writing').waitFor({ state: 'detached' })
  await bob.isTold('At the station', 'read')
  // Both can be turned off.
  await ann.back()
  await ann.press('Settings')
  await ann.page.getByLabel('Tell others when I have read').uncheck()
  await ann.page.getByLabel('Tell others when I am writing').uncheck()
  await ann.press('Close')
  await ann.turnTo('0066666666')
  const before = eve.frames.length
  eve.message({ to: '0012345678', id: 'secret', text: 'Are you there?' })
  await ann.reads('Are you there?')
  await ann.write('Yes')
  await t.until(() => eve.frames.some(({ text }) => text === 'Yes'), 'eve has the answer')
  const types = eve.frames.slice(before).map(({ type }) => type).filter((type) => type === 'typing' || type === 'receipt')
  t.same(types, [], 'what eve is told')
}

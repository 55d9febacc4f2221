// In a secure context the page notifies of a message that comes while it is hidden, and the notification leads to the
// chat. Elsewhere the settings say in a sentence why it cannot.

export default async (t) => {
  const plain = await t.newPhone('0055555555')
  await plain.press('Settings')
  await plain.page.getByText('Browsers allow notifications only for pages with https').waitFor()
  t.holds(await plain.page.getByLabel('Notify me').isDisabled(), 'it cannot be turned on')
  const ann = await t.newPhone('0012345678', { url: t.localUrl, permissions: ['notifications'] })
  const bob = await t.newFriend('0087654321')
  await ann.press('Settings')
  await ann.page.getByLabel('Notify me').check()
  await ann.press('Close')
  await ann.page.evaluate(() => navigator.serviceWorker.ready)
  const shown = () => ann.page.evaluate(async () => {
    const all = await (await navigator.serviceWorker.ready).getNotifications()
    return all.map(({ title, body, data }) => [title, body, data])
  })
  bob.message({ to: '0012345678', text: 'You see this' })
  await ann.row('You see this').waitFor()
  t.same(await shown(), [], 'notifications while the page is seen')
  await ann.page.evaluate(() => Object.defineProperty(document, 'hidden', { value: true }))
  bob.message({ to: '0012345678', text: 'You do not see this' })
  await t.until(async () => (await shown()).length === 1, 'there is a notification')
  t.same(await shown(), [['0087654321', 'You do not see this', '0087654321']], 'what it says')
  // What the service worker tells the page after a click.
  await ann.page.evaluate(() => navigator.serviceWorker.dispatchEvent(new MessageEvent('message', { data: { notification: '0087654321' } })))
  await ann.page.getByRole('heading', { name: '0087654321' }).waitFor()
  await ann.reads('You do not see this')
}

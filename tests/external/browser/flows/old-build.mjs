// A page of another build than the server's loads itself anew: once, whatever it then gets. Its
// person notices nothing.

export default async (t) => {
  const page = await t.newPage()
  let loads = 0
  page.on('load', () => (loads += 1))
  await page.route('**/web/build', (route) => route.fulfill({ body: '0123456789abcdef' }))
  const enter = async () => {
    await page.getByLabel('Your number').fill('0012345678')
    await page.getByRole('button', { name: 'Connect' }).click()
  }
  await enter()
  await t.until(() => loads === 1, 'the page is loaded anew, and its person is still in')
  await page.getByText('Connected').waitFor()
  // The page asks at each connection. Now its answer is known.
  await t.drain()
  const asked = page.waitForResponse('**/web/build')
  await t.restart()
  await asked
  await page.getByText('Connected').waitFor()
  t.same(loads, 1, 'loads')
}

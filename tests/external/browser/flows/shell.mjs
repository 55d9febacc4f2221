// The page without a server: a service worker has its shell. And the page's policy forbids what it should.

export default async (t) => {
  const page = await t.newPage({ url: t.localUrl })
  await page.evaluate(() => navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready))
  // The worker answers for the page and its files, and for nothing else.
  const stored = await page.evaluate(async () => {
    const [name] = await caches.keys()
    const requests = await (await caches.open(name)).keys()
    return requests.map(({ url }) => new URL(url).pathname)
  })
  t.holds(stored.includes('/') && stored.some((path) => path.endsWith('/main.js')), `the shell is stored: ${stored}`)
  await t.kill()
  await page.reload()
  await page.getByRole('heading', { name: 'Switchboard' }).waitFor()
  const health = await page.evaluate(() => fetch('/health').then((response) => response.status, () => 'failed'))
  t.same(health, 'failed', 'the worker answers for /health')
  // With --no-web, or --pages, the worker removes itself.
  t.server.flags.push('--no-web')
  await t.restart()
  await page.evaluate(() => navigator.serviceWorker.getRegistration().then((found) => found.update()))
  const isGone = () => page.evaluate(async () => !(await navigator.serviceWorker.getRegistration())).catch(() => false)
  await t.until(isGone, 'the worker is gone')
  // The worker loads the page anew, so that it is the server's.
  await page.getByText('Server is running').waitFor()
  t.same(await page.evaluate(() => caches.keys()), [], 'what is stored')
}

// A slow phone on a slow network: the page is there after few bytes and few requests, and chats.

const FIRST_LOAD_BYTES = 60_000

export default async (t) => {
  const page = await t.newPage({ opens: false })
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: 6 })
  await devtools.send('Network.enable')
  // As the browser's own "Slow 3G" has it.
  await devtools.send('Network.emulateNetworkConditions', {
    offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000,
  })
  let bytes = 0
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  await page.goto(t.url, { waitUntil: 'networkidle' })
  t.holds(bytes > 5000 && bytes < FIRST_LOAD_BYTES, `${bytes} bytes, headers and all`)
  const { Phone } = await import('../phone.mjs')
  const ann = await Phone.enter(page, '0012345678')
  const bob = await t.newFriend('0087654321')
  await ann.turnTo('0087654321')
  await ann.write('Slowly')
  await t.until(() => bob.frames.some(({ text }) => text === 'Slowly'), 'bob has it')
  await ann.isTold('Slowly', 'delivered')
  // The second load asks whether the page has changed, and for nothing else.
  bytes = 0
  await page.goto(t.url, { waitUntil: 'networkidle' })
  t.holds(bytes < 2000, `${bytes} bytes for the second load`)
}

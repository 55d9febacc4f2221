// No test, a measurement: the longest tasks of the page while it gets 1,000 messages a second for ten seconds, beside
// those of an empty page while the same messages go to somebody else.
//
//     tests/external/browser/run ../benches/long-tasks

export const flags = ['--message-rate', 'off', '--byte-rate', 'off']

const SECONDS = 10
const A_SECOND = 1000
const SLICE = 100 // milliseconds

export default async (t) => {
  const eve = await t.newFriend('0066666666')
  const bob = await t.newFriend('0087654321')
  const empty = await t.newPage({ url: `${t.url}/health` })
  const alone = await load(empty, eve, bob.frames, '0087654321', t)
  await empty.close()
  const ann = await t.newPhone('0012345678')
  await ann.turnTo('0066666666')
  const ours = await load(ann.page, eve, null, '0012345678', t)
  await ann.reads(`${SECONDS * A_SECOND - 1}`)
  console.log(`  longest task of an empty page: ${alone.toFixed(0)} ms; of ours: ${ours.toFixed(0)} ms (0: none over 50 ms)`)
}

async function load(page, from, frames, to, t) {
  await page.evaluate(() => {
    window.longest = 0
    const see = (list) => list.getEntries().forEach(({ duration }) => (window.longest = Math.max(window.longest, duration)))
    new PerformanceObserver(see).observe({ type: 'longtask' })
  })
  const start = Date.now()
  for (let n = 0; n < SECONDS * A_SECOND; n++) {
    const due = start + (n / A_SECOND) * 1000
    if (n % ((A_SECOND * SLICE) / 1000) === 0) await new Promise((resolve) => setTimeout(resolve, due - Date.now()))
    from.send({ type: 'message', to, text: `${n}` })
  }
  if (frames) await t.until(() => frames.some(({ text }) => text === `${SECONDS * A_SECOND - 1}`), 'all have arrived')
  return page.evaluate(() => window.longest)
}

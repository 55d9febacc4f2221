// Somebody sends thousands of messages as fast as they can. The page stays in step: it lays itself out a few times
// for a thousand of them, keeps a bounded number of elements, and answers its person meanwhile.

export const flags = ['--message-rate', 'off', '--byte-rate', 'off']

const MESSAGES = 1000
const ROUNDS = 10

export default async (t) => {
  const ann = await t.newPhone('0012345678', { width: 1280, height: 800 })
  const eve = await t.newFriend('0066666666')
  await ann.turnTo('0066666666')
  const devtools = await ann.page.context().newCDPSession(ann.page)
  await devtools.send('Performance.enable')
  const measure = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics')
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]))
  }
  let most = 0
  for (let round = 0; round < ROUNDS; round++) {
    const before = await measure()
    for (let n = 0; n < MESSAGES; n++) eve.send({ type: 'message', to: '0012345678', text: `${round}: ${n}` })
    // A person who writes is heard, though the flood is not over.
    if (round === 5) {
      await ann.write('Stop it!')
      await t.until(() => eve.frames.some(({ text }) => text === 'Stop it!'), 'eve is told to stop')
    }
    await ann.reads(`${round}: ${MESSAGES - 1}`)
    const { LayoutCount } = await measure()
    most = Math.max(most, LayoutCount - before.LayoutCount)
  }
  t.holds(most < MESSAGES / 2, `${most} layouts for ${MESSAGES} messages`)
  const shown = await ann.page.getByRole('log').getByRole('listitem').count()
  t.holds(shown <= 1000, `${shown} messages are elements`)
  // Without this it would count what is only waiting to be thrown away.
  await devtools.send('HeapProfiler.collectGarbage')
  const { Nodes } = await measure()
  t.holds(Nodes < 20_000, `${Nodes} nodes`)
}

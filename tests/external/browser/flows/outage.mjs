// The server is killed, and comes back: what was written meanwhile arrives, once and in its order. Then it is shut
// down in good order. A second page takes the number over, and the first one says so.

export default async (t) => {
  const ann = await t.newPhone('0012345678')
  const bob = await t.newPhone('0087654321')
  await ann.turnTo('0087654321')
  await bob.turnTo('0012345678')
  await t.kill()
  await ann.says('What you write is sent then')
  for (const text of ['one', 'two', 'three']) await ann.write(text)
  await ann.isTold('three', 'waits to be sent')
  await t.restart()
  await ann.tryNow()
  await bob.reads('three')
  await ann.isTold('three', 'read')
  t.same(await bob.texts(), ['one', 'two', 'three'], 'what bob has')
  // The order in which the server ends is told to the pages.
  await t.drain()
  await bob.says('The next try is at')
  await t.restart()
  await bob.tryNow()
  // Two with one number do not fight: the newer has it, and the older one asks.
  const newer = await t.newPhone('0087654321')
  await bob.says('This number is in use')
  await newer.says('Connected')
  await bob.page.getByRole('button', { name: 'Use it here' }).click()
  await bob.says('Connected')
  await newer.says('This number is in use')
}

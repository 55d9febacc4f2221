// Two phones chat. Each message is delivered, and read when it is seen.

export default async (t) => {
  const ann = await t.newPhone('001 234-5678')
  const bob = await t.newPhone('0087654321')
  await ann.turnTo('0087654321')
  await ann.write('Hello?')
  await ann.isTold('Hello?', 'delivered')
  await t.until(async () => (await bob.page.title()) === '(1) Switchboard', 'the title of a page with something unread')
  await bob.turnTo('0012345678')
  await bob.reads('Hello?')
  await ann.isTold('Hello?', 'read')
  await t.until(async () => (await bob.page.title()) === 'Switchboard', 'the title when all is read')
  await bob.write('Hello! 😀')
  await ann.reads('Hello! 😀')
  await bob.isTold('Hello! 😀', 'read')
}

// Two phones chat, and each message is delivered.

export default async (t) => {
  const ann = await t.newPhone('0012345678')
  const bob = await t.newPhone('0087654321')
  await ann.write('0087654321', 'Hello?')
  await bob.reads('Hello?')
  await ann.isTold('Hello?', 'delivered')
  await bob.write('0012345678', 'Hello! 😀')
  await ann.reads('Hello! 😀')
}

// Ten thousand people are online. The page learns of all, and of those who come and go, in small steps.

export const flags = ['--max-connections-per-address', 'off', '--connection-rate-per-address', 'off', '--ping-timeout', '1h']

export default async (t) => {
  const crowd = await t.newCrowd(10_000)
  const ann = await t.newFriend('0012345678')
  await t.until(() => ann.online.size === 10_001, 'all are online')
  t.holds(ann.online.has(crowd.numbers[7]), 'one of them')
  crowd.leave()
  await t.until(() => ann.online.size === 1, 'all have gone')
}

// What the operator says to everybody is shown on every page, as it was written, until it is closed.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'

let operator = []

export function flags(folder) {
  const [socket, token] = [`unix:${folder}/operator`, `${folder}/token`]
  writeFileSync(token, 'the-operators-token\n', { mode: 0o600 })
  operator = ['ctl', '--admin', socket, '--token-file', token]
  return ['--admin-listen', socket, '--admin-token-file', token]
}

export default async (t) => {
  const { page } = await t.newPhone('0123456789')
  const text = '<b>The server</b> restarts at noon'
  execFileSync(process.env.SWITCHBOARD_BIN, [...operator, 'notice', text])
  const notice = page.getByRole('alert').filter({ hasText: `From the operator: ${text}` })
  await notice.waitFor()
  const { x, width } = await notice.boundingBox()
  t.holds(x >= 0 && x + width <= 360, 'it fits into the page')
  await notice.getByRole('button', { name: 'Close' }).click()
  await notice.waitFor({ state: 'hidden' })
}

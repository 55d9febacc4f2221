// The two doors: a number, or a name and a password.
import { $, put } from './dom.js'
import { keep } from './store.js'
import { digits, isNumber, numberOf } from './text.js'

/** Calls `enter({kind, me, token})` with whoever comes in. Once: the page begins anew after somebody has left. */
export function showDoors(enter) {
  $('door').hidden = false
  $('by-number').addEventListener('click', () => choose(false))
  $('by-name').addEventListener('click', () => choose(true))
  $('number-door').addEventListener('submit', (event) => {
    event.preventDefault()
    const me = digits($('number').value)
    if (!isNumber(me)) return wrong('number', 'A number has 10 to 32 digits, and nothing else.')
    const token = $('token').value.trim() || undefined
    if (token && numberOf(token) !== me) return wrong('number', 'This token is not for this number.')
    come({ kind: 'number', me, token }, globalThis.localStorage)
  })
  $('name-door').addEventListener('submit', (event) => {
    event.preventDefault()
    signIn('/login')
  })
  $('register').addEventListener('click', () => $('name-door').reportValidity() && signIn('/register'))
  // The server says which doors it has.
  const doors = $('door').dataset.doors.split(' ')
  const [hasNames, hasNumbers] = ['name', 'number'].map((door) => doors.includes(door))
  $('doors').hidden = !(hasNames && hasNumbers)
  $('proof').hidden = !doors.includes('token')
  $('token').required = doors.includes('token')
  choose(hasNames && (!hasNumbers || keep.get('door') === 'name'))
  $($('name-door').hidden ? 'number' : 'name').focus()

  async function signIn(path) {
    const buttons = [$('login'), $('register')]
    for (const button of buttons) button.disabled = true
    try {
      const given = { username: $('name').value.trim(), password: $('password').value }
      if (path === '/register') await post(path, given)
      const { token, user } = await post('/login', given)
      $('password').value = ''
      come({ kind: 'name', me: user.username, token }, $('stay').checked ? globalThis.localStorage : globalThis.sessionStorage)
    } catch (error) {
      wrong('name', error.message)
    } finally {
      for (const button of buttons) button.disabled = false
    }
  }

  function choose(isName) {
    $('by-number').setAttribute('aria-pressed', !isName)
    $('by-name').setAttribute('aria-pressed', isName)
    $('number-door').hidden = isName
    $('name-door').hidden = !isName
  }

  function come(who, area) {
    keep.set('door', who.kind)
    keep.set('who', who, area)
    $('door').hidden = true
    enter(who)
  }
}

/** The server's answer. Its sentence, if it refuses. */
async function post(path, body) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }).catch(() => null)
  if (!response) throw new Error('The server cannot be reached.')
  const answer = await response.json().catch(() => ({}))
  if (!response.ok) throw new Error(answer.detail ?? `The server refuses it: ${response.status}.`)
  return answer
}

function wrong(field, text) {
  put($(`${field}-mistake`), text)
  $(field).setAttribute('aria-invalid', 'true')
  $(field).focus()
}

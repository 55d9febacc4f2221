// The two doors: a number, or a name and a password.
import { $, put } from './dom.js'
import { keep } from './store.js'
import { digits, isNumber } from './text.js'

/** Calls `enter({kind, me, token})` with whoever comes in. Once: the page begins anew after somebody has left. */
export function showDoors(enter) {
  $('door').hidden = false
  $('by-number').addEventListener('click', () => choose(false))
  $('by-name').addEventListener('click', () => choose(true))
  $('number-door').addEventListener('submit', (event) => {
    event.preventDefault()
    const me = digits($('number').value)
    if (!isNumber(me)) return wrong('number', 'A number has 10 to 32 digits, and nothing else.')
    come({ kind: 'number', me }, globalThis.localStorage)
  })
  choose(keep.get('door') === 'name')
  $('number').focus()

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

function wrong(field, text) {
  put($(`${field}-mistake`), text)
  $(field).setAttribute('aria-invalid', 'true')
  $(field).focus()
}

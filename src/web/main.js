// The page: a door, a line to write, and what has been said. Everything that people wrote is a text node.
import { Switchboard } from './client.js'

const $ = (id) => document.getElementById(id)
let client = null

$('door').addEventListener('submit', (event) => {
  event.preventDefault()
  const number = $('number').value.replace(/[^0-9]/g, '')
  client?.stop()
  client = new Switchboard({ url: `${location.origin.replace('http', 'ws')}/ws/${number}?presence=delta&pings=server` })
  client.addEventListener('state', ({ detail }) => {
    $('state').textContent = detail.reason ? `${detail.state}: ${detail.reason.text || detail.reason.code}` : detail.state
    $('writing').hidden = detail.state === 'closed'
  })
  client.addEventListener('frame', ({ detail }) => {
    if (detail.type === 'message') line(`${detail.from}: ${detail.text}`)
  })
  client.addEventListener('status', ({ detail }) => {
    const shown = [...$('log').children].find((item) => item.dataset.id === detail.id)
    if (shown) shown.dataset.status = detail.status
  })
  client.start()
})

$('writing').addEventListener('submit', (event) => {
  event.preventDefault()
  const item = line(`to ${$('to').value}: ${$('text').value}`)
  item.dataset.id = client.message({ to: $('to').value, text: $('text').value })
  $('text').value = ''
})

function line(text) {
  const item = document.createElement('li')
  item.textContent = text
  $('log').append(item)
  return item
}

addEventListener('online', () => client?.tryNow())
document.addEventListener('visibilitychange', () => document.hidden || client?.tryNow())

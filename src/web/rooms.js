// What can be done with rooms: a new one, who is in it, how one leaves.
import { asked, confirmed, dialog, el, toast } from './dom.js'

/** Asks for the name of a new room and makes it. Resolves to the key of its talk. */
export async function newRoom(chat) {
  const about = el('input', { id: 'room-about', maxLength: 512, autocomplete: 'off', dir: 'auto' })
  const more = [el('label', { for: 'room-about' }, 'What it is about'), about]
  const name = await asked('New room', 'Name of the room', { most: 64, more })
  if (!name?.trim()) return null
  const made = await tried(chat.room('room_create', { name: name.trim(), description: about.value.trim() }))
  return made && `#${made.room}`
}

/** Shows a room: its members, and what its creator, or a member, may do. */
export function roomPanel(chat, talk) {
  const { room, creator, description } = talk.room
  const isMine = creator === chat.me
  const list = el('ul', { class: 'waiting', 'aria-label': 'Members' })
  const draw = async () => {
    const answer = await tried(chat.room('room_members', { room }))
    list.replaceChildren(...(answer?.members ?? []).map((name) => el('li', {},
      el('p', {}, el('bdi', {}, name), name === creator ? el('span', { class: 'quiet' }, ' · has made the room') : ''),
      isMine && name !== creator ? el('button', { type: 'button', class: 'danger', 'aria-label': `Remove ${name}`, onclick: () => change('room_remove', name) }, 'Remove') : '')))
  }
  const change = async (type, user) => {
    if (await tried(chat.room(type, { room, user }))) await draw()
  }
  draw()
  return dialog(talk.title, (close) => {
    const user = el('input', { id: 'member', autocomplete: 'off', autocapitalize: 'none', required: true, maxLength: 32 })
    const add = el('form', { onsubmit: async (event) => { event.preventDefault(); await change('room_add', user.value.trim()); user.value = '' } },
      el('label', { for: 'member' }, 'Add somebody'), el('div', { class: 'row' }, user, el('button', { class: 'strong' }, 'Add')))
    const leave = async () => {
      close()
      const [title, sentence, button, type] = isMine
        ? ['Delete this room?', `The room ${talk.title} and all its messages are deleted, for all members.`, 'Delete', 'room_delete']
        : ['Leave this room?', `You do not get messages of ${talk.title} any more. Its creator can add you again.`, 'Leave', 'room_leave']
      if (await confirmed(title, sentence, button)) await tried(chat.room(type, { room }))
    }
    return [
      description ? el('p', { dir: 'auto' }, description) : '',
      el('h3', {}, 'Members'), list,
      isMine ? add : '',
      el('div', { class: 'choices' }, el('button', { type: 'button', class: 'danger', onclick: leave }, isMine ? 'Delete this room' : 'Leave this room')),
    ]
  })
}

async function tried(asking) {
  try {
    return await asking
  } catch (error) {
    toast(error.message)
    return null
  }
}

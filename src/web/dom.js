// Elements, made without markup: what people wrote becomes text nodes and nothing else.

/** The element with this id. */
export const $ = (id) => document.getElementById(id)

/** A new element with properties and children. `class`, `aria-…`, `data-…`, `for` and `role` become attributes. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (/^(class|for|role|dir|(aria|data)-.*)$/.test(name)) value !== null && element.setAttribute(name, value)
    else element[name] = value
  }
  element.append(...children.filter((child) => child !== null))
  return element
}

/** Sets a text only where it changes: a live region says a text that is set again twice. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text
}

let toastTimer = 0

/** A short word about something that was done. */
export function toast(text) {
  clearTimeout(toastTimer)
  put($('toast'), text)
  toastTimer = setTimeout(() => put($('toast'), ''), 5000)
}

/** A dialog with a heading. `build` gets a function that closes it, and returns what is in it. It is resolved, when the
 *  dialog has closed, with what that function was given. */
export function dialog(title, build) {
  const result = Promise.withResolvers ? Promise.withResolvers() : withResolvers()
  const sheet = el('dialog', { 'aria-labelledby': 'dialog-title' })
  const close = (value) => {
    result.value = value
    sheet.close()
    sheet.remove()
  }
  const shut = el('button', { type: 'button', class: 'icon', 'aria-label': 'Close', onclick: () => close() }, '×')
  sheet.append(el('header', {}, el('h2', { id: 'dialog-title' }, title), shut), ...[build(close, sheet)].flat())
  sheet.addEventListener('click', (event) => event.target === sheet && close())
  sheet.addEventListener('close', () => {
    sheet.remove()
    result.resolve(result.value)
  })
  document.body.append(sheet)
  sheet.showModal()
  return result.promise
}

/** Asks before something that cannot be undone. */
export function confirmed(title, sentence, button) {
  return dialog(title, (close) => [
    el('p', {}, sentence),
    el('div', { class: 'buttons' },
      el('button', { type: 'button', class: 'danger', onclick: () => close(true) }, button),
      el('button', { type: 'button', onclick: () => close(false) }, 'Cancel')),
  ])
}

/** Asks for a line of text. Undefined if the person does not answer. */
export function asked(title, label, { value = '', hint = '', most = 100, more = [] } = {}) {
  const input = el('input', { id: 'asked', value, maxLength: most, autocomplete: 'off', dir: 'auto' })
  return dialog(title, (close) =>
    el('form', { onsubmit: (event) => { event.preventDefault(); close(input.value) } },
      el('label', { for: 'asked' }, label), input, ...more, hint && el('p', { class: 'quiet' }, hint),
      el('div', { class: 'buttons' },
        el('button', { class: 'strong' }, 'Save'),
        el('button', { type: 'button', onclick: () => close() }, 'Cancel'))))
}

function withResolvers() {
  const made = {}
  made.promise = new Promise((resolve) => (made.resolve = resolve))
  return made
}

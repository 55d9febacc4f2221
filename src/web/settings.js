// What a person has chosen for this device.
import { keep } from './store.js'

const DEFAULTS = { receipts: true, typing: true, notify: false, enter: true }

export const settings = { ...DEFAULTS, ...keep.get('settings') }

export function choose(name, value) {
  settings[name] = value
  keep.set('settings', settings)
}

// The connection's state and a message's state, in words for people.

/** What became of a message of one's own. */
export const STATUS = {
  queued: 'waits to be sent',
  sent: 'on its way',
  delivered: 'delivered',
  stored: 'sent',
  offline: 'waits until they are online',
  error: 'was refused',
  read: 'read',
}

const REASONS = {
  401: 'This server does not let you in: you need a token, or a newer one.',
  4000: 'This number is in use in another window or on another phone.',
  4001: 'You are not signed in any more.',
  4003: 'The operator of this server has banned you.',
  4005: 'The operator of this server has sent you away.',
  4008: 'You have too many connections.',
  1009: 'A message was too long.',
}

const TROUBLES = {
  unreachable: 'The server cannot be reached.',
  refused: 'The server does not let you in.',
  draining: 'The server is shutting down.',
  full: 'The server is full.',
}

/** The state of a connection, as a sentence or two. */
export function describe({ state, retryAt, reason, trouble }) {
  if (state === 'open') return 'Connected'
  if (state === 'connecting') return 'Connecting …'
  if (state === 'closed') return reason ? (REASONS[reason.code] ?? `Disconnected: ${reason.text || reason.code}`) : 'Disconnected'
  const why = trouble ? (trouble.detail || TROUBLES[trouble.kind] || 'The server lets nobody in now.') : 'The connection was lost.'
  const at = new Date(retryAt).toLocaleTimeString()
  return `${why} The next try is at ${at}. What you write is sent then.`
}

/** What a message's state is, in words. */
export function statusOf({ isMine, status, trouble, deleted }) {
  if (!isMine || deleted) return ''
  return status === 'error' && trouble ? `was refused: ${trouble}` : (STATUS[status] ?? '')
}

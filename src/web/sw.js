// The service worker: it answers for the page and its files when the server cannot be reached, and for nothing
// else. The page comes from the server whenever there is one. The server puts the list of files here.
const FILES = []
const BUILD = FILES[0].split('/')[2]
const NAME = `switchboard ${BUILD}`

addEventListener('install', (event) => {
  const store = async () => {
    const cache = await caches.open(NAME)
    // The server answers with the page only where HTML is asked for.
    await cache.addAll([new Request('/', { headers: { accept: 'text/html' }, cache: 'no-cache' }), ...FILES])
    await skipWaiting()
  }
  event.waitUntil(store())
})

addEventListener('activate', (event) => {
  const tidy = async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith('switchboard ') && name !== NAME)
    await Promise.all(names.map((name) => caches.delete(name)))
    await clients.claim()
  }
  event.waitUntil(tidy())
})

addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (origin !== location.origin || request.method !== 'GET') return
  if (request.mode === 'navigate' && pathname === '/') event.respondWith(page(request))
  else if (FILES.includes(pathname)) event.respondWith(file(request))
})

// A notification that is clicked brings its page to the front, and hands it what the page has put into it.
addEventListener('notificationclick', (event) => {
  event.notification.close()
  const show = async () => {
    const [open] = await clients.matchAll({ type: 'window' })
    const window = (await open?.focus()) ?? (await clients.openWindow('/'))
    window?.postMessage({ notification: event.notification.data })
  }
  event.waitUntil(show())
})

async function page(request) {
  try {
    return await fetch(request)
  } catch (error) {
    return (await stored('/')) ?? Promise.reject(error)
  }
}

async function file(request) {
  return (await stored(request)) ?? fetch(request)
}

async function stored(request) {
  const cache = await caches.open(NAME)
  return cache.match(request, { ignoreVary: true, ignoreSearch: true })
}

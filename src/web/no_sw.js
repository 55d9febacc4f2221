// An earlier server has installed a service worker in this browser. This one takes its place, and removes what
// it has stored, and itself.
addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => {
  const remove = async () => {
    for (const name of await caches.keys()) if (name.startsWith('switchboard ')) await caches.delete(name)
    await registration.unregister()
    for (const page of await clients.matchAll({ type: 'window' })) page.navigate(page.url)
  }
  event.waitUntil(remove())
})

// Follows the centre: when it names another state than the one that is shown, the page asks for itself anew.
// Without it the page still works, it only has to be loaded anew.

const AGAIN_MS = 700 // a fleet has thirty events a second, and nobody reads faster
const SILENT_MS = 8000 // three heartbeats of the program
const live = document.getElementById('live')
const lost = document.getElementById('lost')
let alive = performance.now()
let asking = false
let newest = live.dataset.state

async function renew() {
  if (asking || newest === live.dataset.state) return
  asking = true
  try {
    const answer = await fetch(location.href, { headers: { 'X-Live': '1' } })
    if (answer.redirected) return location.replace('/signin')
    if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('live'))
  } catch {
    lost.hidden = false
  }
  setTimeout(() => {
    asking = false
    renew() // it may have changed meanwhile, or no answer came
  }, AGAIN_MS)
}

// What has the focus keeps it, and what was scrolled stays where it was.
function show(fresh) {
  live.dataset.state = fresh.dataset.state
  if (fresh.innerHTML === live.innerHTML) return
  const focused = live.contains(document.activeElement) ? document.activeElement : null
  const address = focused?.getAttribute('href')
  const label = focused?.getAttribute('aria-labelledby')
  const scrolled = [...live.querySelectorAll('.wide')].map((region) => region.scrollLeft)
  live.replaceChildren(...fresh.childNodes)
  live.querySelectorAll('.wide').forEach((region, number) => { region.scrollLeft = scrolled[number] ?? 0 })
  const same = (one) => (address ? one.getAttribute('href') === address : label && one.getAttribute('aria-labelledby') === label)
  if (focused) [...live.querySelectorAll('a, .wide')].find(same)?.focus({ preventScroll: true })
}

const source = new EventSource('/events')
source.addEventListener('state', (event) => {
  alive = performance.now()
  lost.hidden = true
  newest = event.data
  renew()
})
source.addEventListener('locked', () => location.replace('/signin'))
setInterval(async () => {
  lost.hidden = performance.now() - alive < SILENT_MS
  if (source.readyState !== EventSource.CLOSED) return
  const answer = await fetch('/events', { method: 'HEAD' }).catch(() => null) // refused: is anybody signed in still?
  if (answer?.status === 401) location.replace('/signin')
}, 1000)

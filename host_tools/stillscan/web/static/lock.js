// A page that shows somebody's name hides it when nobody is signed in here any more: told by the program's events, and by
// itself when it hears nothing for as long as the program takes to lock.

const LOOK_MS = 1000
const LOCK_MS = 1000 * Number(document.body.dataset.lock ?? 0)
const boot = document.documentElement.dataset.boot
let alive = performance.now()

function locked() {
  source.close()
  clearInterval(looking)
  document.getElementById('panel').replaceChildren()
  location.replace('/signin' + (new URLSearchParams(location.search).has('language') ? `?language=${document.documentElement.lang}` : ''))
}

const source = new EventSource('/events')
for (const kind of ['beat', 'device', 'rows', 'panel']) source.addEventListener(kind, () => { alive = performance.now() })
source.addEventListener('boot', (event) => { if (JSON.parse(event.data) !== boot) locked() })
source.addEventListener('locked', locked)
const looking = setInterval(async () => {
  if (LOCK_MS && performance.now() - alive > LOCK_MS) return locked()
  if (source.readyState !== EventSource.CLOSED) return
  const answer = await fetch('/events', { method: 'HEAD' }).catch(() => null) // refused: is anybody signed in still?
  if (answer?.status === 401) locked()
}, LOOK_MS)

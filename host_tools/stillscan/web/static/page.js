// Follows the program: the question that is open, the scanner, and the strip row by row. Without it the page still works,
// it only has to be loaded anew to see what has changed.

const TAKEN_OVER_MS = 300
const READ_MS = 1200 // a sentence stays so long: hands move faster than people read
const panel = document.getElementById('panel')
const lost = document.getElementById('lost')
const language = document.documentElement.lang
const boot = document.documentElement.dataset.boot
// A language counts as chosen when this page was asked for in it: then the next one is too.
const chosen = new URLSearchParams(location.search).has('language') ? `language=${language}` : ''
const events = document.body.dataset.events ?? '/events'

function turn() {
  return panel.firstElementChild?.dataset.turn
}

function show(html) {
  const typed = document.getElementById('tracking')?.value ?? ''
  panel.innerHTML = html
  const field = document.getElementById('tracking')
  if (field && typed) field.value = typed
  const to = panel.querySelector('[aria-invalid]') ?? panel.querySelector('[data-focus]') ?? panel.querySelector('h1')
  if (!document.body.classList.contains('customer')) to?.focus()
}

panel.addEventListener('submit', async (event) => {
  event.preventDefault()
  const form = event.target
  const body = new URLSearchParams(new FormData(form, event.submitter))
  const before = panel.innerHTML
  for (const button of panel.querySelectorAll('button')) button.disabled = true
  try {
    const answer = await fetch(form.action, { method: 'POST', body, headers: { 'X-Panel': language } })
    if (answer.redirected) locked()
    else show(await answer.text())
  } catch {
    panel.innerHTML = before // the answer has not arrived: it can be given again
    lost.hidden = false
  }
})

// Nobody is signed in here any more: names and pictures go at once, and what was begun waits in the program.
function hide() {
  panel.replaceChildren()
  wipe()
}
function locked() {
  source?.close()
  hide()
  // Somebody else may be signing in here at this moment, in another window: the answer to them comes first.
  setTimeout(() => location.replace(`/signin?${chosen}&boot=${boot ?? ''}`), TAKEN_OVER_MS)
}

let said = 0
let waiting = null
function say(sentence) {
  const guidance = document.getElementById('guidance')
  if (!guidance) return
  clearTimeout(waiting)
  const wait = said + READ_MS - performance.now()
  const speak = () => {
    said = performance.now()
    guidance.textContent = sentence
  }
  if (wait > 0) waiting = setTimeout(speak, wait)
  else speak()
}

function device(change) {
  const scanner = document.getElementById('scanner')
  if (scanner && change.state) scanner.dataset.state = change.state
  if (change.state === 'empty') wipe()
  const row = document.getElementById('row')
  if (row && change.rows) row.max = change.rows
  if (row && change.row !== undefined) row.value = change.row
  const attempt = document.getElementById('attempt')
  if (attempt && change.attempt_text !== undefined) attempt.textContent = change.attempt_text
  if (change.text) say(change.text)
}

const strip = document.getElementById('strip')
const pen = strip?.getContext('2d')
function wipe() {
  pen?.clearRect(0, 0, strip.width, strip.height)
}
function cells(row) {
  if (!pen) return
  const grey = Uint8Array.from(atob(row.pixels), (character) => character.charCodeAt(0))
  if (strip.width !== grey.length) strip.width = grey.length
  const image = pen.createImageData(grey.length, 1)
  for (let i = 0; i < grey.length; i++) image.data.set([grey[i], grey[i], grey[i], 255], 4 * i)
  pen.putImageData(image, 0, row.row)
}

// The program says something every 2.5 s. When it does not, the connection is dead even if nobody has said so.
const SILENT_MS = 7500
const AGAIN_MS = 1000
const LOCK_MS = 1000 * Number(document.body.dataset.lock ?? 0) // after so long without a person's act the program locks
let source
let heard
let alive = performance.now()
const on = {
  boot(sent) {
    if (boot && sent !== boot) location.replace(`/?${chosen}`)
  },
  panel(news) {
    if (news.turn !== turn()) show(news.html)
  },
  device,
  rows: (told) => told.forEach(cells), // coarse cells: no character can be read from them
  beat() {},
  locked,
}

function listen() {
  source?.close()
  heard = performance.now()
  source = new EventSource(`${events}?language=${language}`)
  for (const [kind, act] of Object.entries(on)) {
    source.addEventListener(kind, (event) => {
      heard = alive = performance.now()
      lost.hidden = true
      act(JSON.parse(event.data))
    })
  }
  source.addEventListener('error', () => { lost.hidden = false })
}

let asking = false
async function begin() {
  if (asking) return
  if (source.readyState === EventSource.CLOSED) { // refused: is it because nobody is signed in?
    asking = true
    const answer = await fetch(events, { method: 'HEAD' }).catch(() => null)
    asking = false
    if (answer?.status === 401) return locked()
  }
  listen() // it begins with how everything stands now
}

setInterval(() => {
  const silent = performance.now() - heard > SILENT_MS
  if (silent) lost.hidden = false
  if (LOCK_MS && performance.now() - alive > LOCK_MS) hide() // the program cannot say it
  if (silent || source.readyState === EventSource.CLOSED) begin()
}, AGAIN_MS)
listen()

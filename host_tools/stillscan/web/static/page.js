// Follows the program: the question that is open, the scanner, and the strip row by row. Without it the page still works,
// it only has to be loaded anew to see what has changed.

const TAKEN_OVER_MS = 300
const READ_MS = 1200 // a sentence stays so long: hands move faster than people read
const panel = document.getElementById('panel')
const scanner = document.getElementById('scanner')
const lost = document.getElementById('lost')
const language = document.documentElement.lang
let boot = document.documentElement.dataset.boot
// A language counts as chosen when this page was asked for in it: then the next one is too.
const chosen = new URLSearchParams(location.search).has('language') ? `language=${language}` : ''
const events = document.body.dataset.events ?? '/events'
const OFFICE_S = '/customer' // in the office's language: a choice is of one customer
const atCounter = !document.body.classList.contains('customer')

// --- the question ------------------------------------------------------------------------------------------------------

const turn = () => panel.firstElementChild?.dataset.turn
const step = () => panel.firstElementChild?.dataset.step
const about = () => panel.firstElementChild?.dataset.about

function focusNext() {
  if (!atCounter) return
  const to = panel.querySelector('[aria-invalid]') ?? panel.querySelector('[data-focus]') ?? panel.querySelector('h1')
  to?.focus()
}

// An answer may come after the event that tells what happened since: the newer question stays.
const isOlder = (html) => Number(/data-turn="(\d+)/.exec(html)?.[1]) < Number.parseInt(turn(), 10)

// What people type and what they are told stays until they act: at the same step of the same visit (and of the same
// passport) the fields keep their text, the cursor its place, and a sentence beside a field stands until something is sent.
function show(html, acted = false, sent = null) {
  if (isOlder(html)) return
  notSeen(acted)
  const before = { about: about(), fields: new Map(), focus: document.activeElement?.id, stays: [] }
  for (const field of panel.querySelectorAll('input[id]')) {
    before.fields.set(field.id, [field.value, field.selectionStart, field.selectionEnd, field.getAttribute('aria-invalid'), field.dataset.refused])
  }
  if (!acted) before.stays = [...panel.querySelectorAll('[data-stays]')]
  panel.innerHTML = html
  if (atCounter) document.title = `${panel.querySelector('h1').textContent} · stillscan`
  reachable()
  const same = about() === before.about
  if (same || before.about === undefined) {
    for (const field of panel.querySelectorAll('input[id]')) {
      const [value, start, end, invalid, refused] = before.fields.get(field.id) ?? ['', 0, 0, null]
      if (value && !(field.type === 'password' && sent?.has(field.name))) field.value = value
      if (!acted && invalid) field.setAttribute('aria-invalid', invalid)
      const wrong = acted && field.matches('[data-bar-code][aria-invalid]') ? field.value : refused
      if (wrong) field.dataset.refused = wrong
      if (field.id === before.focus && !acted) {
        field.focus()
        field.setSelectionRange(start, end)
      }
    }
    if (same) for (const said of before.stays) keep(said)
  }
  if (!(same && !acted && document.activeElement?.id === before.focus && before.focus)) focusNext()
}

// Scripts keep Enter from the buttons whose answer lasts; without them the keyboard must not come there.
function reachable() {
  for (const button of panel.querySelectorAll('.choice button')) button.removeAttribute('tabindex')
}

// Whoever enters a number in the moment in which something was read has not seen that: what they answer is the question
// that stood there before.
const SEEN_MS = 300 // as fast as hands stop for what eyes see
const asked = () => panel.querySelector('input[name=turn]')?.value
let former = { asked: '', about: '', until: -Infinity }

function notSeen(acted) {
  if (acted) former.until = -Infinity
  else if (performance.now() > former.until) former = { asked: asked(), about: about() }
  if (!acted) former.until = performance.now() + SEEN_MS
}
const answersTurn = () => (performance.now() < former.until && former.about === about() && former.asked) || asked()

function keep(said) {
  if (said.id && document.getElementById(said.id)) return
  const field = panel.querySelector('input[id]')
  said.removeAttribute('role') // it was announced when it was new
  if (said.id === 'problem' && field) field.form.insertBefore(said, field.form.querySelector('.hint, label'))
  else panel.firstElementChild?.prepend(said)
}

// What cannot be sent, or is refused without a panel (too large, for example), changes nothing: what was typed stays.
async function send(action, body) {
  const at = document.activeElement
  const question = about()
  const buttons = panel.querySelectorAll('button:enabled')
  for (const button of buttons) button.disabled = true
  try {
    const answer = await fetch(action, { method: 'POST', body, headers: { 'X-Panel': language } })
    if (answer.redirected) return locked()
    const text = await answer.text()
    // When an event has asked the next question meanwhile, hands may be typing there already.
    if (answer.headers.get('Content-Type')?.startsWith('text/html')) return show(text, about() === question, body)
    refused(text)
  } catch {
    lost.hidden = false
  }
  for (const button of buttons) button.disabled = false
  if (panel.contains(at)) at.focus() // a button that was disabled lost it
}

function refused(text) {
  document.getElementById('problem')?.remove()
  const said = document.createElement('p')
  Object.assign(said, { id: 'problem', className: 'problem', textContent: text })
  said.dataset.stays = ''
  keep(said)
  said.setAttribute('role', 'alert')
}

// The second click of a double click, and a second press within DOUBLE_MS, are the first one's: they must not answer the
// question that it led to.
document.addEventListener('click', (event) => {
  if (event.detail > 1 && event.target.closest?.('#panel button')) event.preventDefault()
}, true)
const DOUBLE_MS = 500 // what Windows takes for a double click unless somebody sets it
let answered = -Infinity

panel.addEventListener('submit', (event) => {
  event.preventDefault()
  if (event.target.classList.contains('choice')) {
    const twice = event.timeStamp - answered < DOUBLE_MS
    answered = event.timeStamp
    if (twice) return
  }
  const body = new URLSearchParams(new FormData(event.target, event.submitter))
  if (body.has('tracking')) body.set('turn', answersTurn())
  send(event.target.action, body)
})

// --- keys and bar codes -----------------------------------------------------------------------------------------------

// A bar code scanner types like a person, but faster than one: characters within FAST_MS of each other, and Enter. What it
// types where nobody types is a letter's number; however short it is, neither its spaces nor its Enter press a button.
const FAST_MS = 60 // slow scanners send 30 characters a second; people at their fastest type 15
const SHORTEST = 3 // characters: fewer are a hand that has touched the keyboard
const WHOLE = 13 // characters of the shortest number of a letter
const MODIFIERS = ['Shift', 'CapsLock', 'AltGraph'] // which scanners press for a character
const LONGEST = 320 // characters: the program looks at no more (MOST_SCANNED)
// Between the fields of a bar code a scanner may press F8, or Ctrl with the key of ], because no character does.
const SEPARATOR = '\u001d'
let typed = ''
let last = -Infinity

// Moments are those of the keys: a page that is busy may hear of them later.
function heardKey(event) {
  if (!follows(event)) typed = ''
  last = event.timeStamp
  if (event.key.length > 1) typed = MODIFIERS.includes(event.key) ? typed : '' // Tab, an arrow: a hand's
  else if (typed.length < LONGEST) typed += event.key
}
const follows = (event) => event.timeStamp - last <= FAST_MS
const among = (event) => typed !== '' && follows(event)

function separates(event, field) {
  last = event.timeStamp
  typed += SEPARATOR
  if (field?.selectionStart != null) field.setRangeText(SEPARATOR, field.selectionStart, field.selectionEnd, 'end')
}

// A key that answers a question waits until it is seen that it does not begin a bar code; among its characters it is one.
let pressing = null
function press(key) {
  const question = about()
  pressing = setTimeout(() => {
    const button = about() === question ? panel.querySelector(`button[data-key="${CSS.escape(key)}"]:enabled`) : null
    button?.click()
  }, FAST_MS)
}

function scanned(number) {
  const form = panel.querySelector('input[name=turn]')?.form
  if (!form) return
  const body = new URLSearchParams({ turn: answersTurn(), boot: form.elements.boot.value, tracking: number })
  send('/tracking', body)
}

// A number that was refused stays in its field; a whole one that is scanned, or typed, behind it is another.
function onlyTheNew(field) {
  const { refused } = field.dataset
  if (refused && field.value.startsWith(refused) && field.value.length >= refused.length + WHOLE) {
    field.value = field.value.slice(refused.length)
  }
}

const LASTS = ['/face', '/letter'] // what they answer cannot be taken back
// Enter after a whole identity number goes on to the field for the second time, while nothing stands there yet.
function asksTwice(field) {
  return field.id === 'number' && /^\d{6} ?\d{5}$/.test(field.value.trim()) && !document.getElementById('again').value
}

document.addEventListener('keydown', (event) => {
  if (!atCounter) return
  const inField = event.target.matches?.('input, textarea, select')
  if (among(event) && (event.key === 'F8' || (event.ctrlKey && event.code === 'BracketRight'))) {
    event.preventDefault()
    separates(event, inField ? event.target : null)
    return
  }
  if (event.ctrlKey || event.altKey || event.metaKey) return
  if (event.key.length === 1) clearTimeout(pressing)
  if (!event.repeat && panel.querySelector(`button[data-key="${CSS.escape(event.key)}"]`)) {
    event.preventDefault()
    if (!among(event)) press(event.key)
    return
  }
  const fast = follows(event) ? typed : ''
  const isCode = fast.length >= WHOLE
  if (event.key === 'Enter' || (event.key === 'Tab' && isCode)) { // some scanners end a code with Tab
    const code = inField ? '' : fast
    typed = ''
    if (event.target.matches?.('[data-bar-code]')) {
      event.preventDefault()
      onlyTheNew(event.target)
      event.target.form.requestSubmit()
    } else if (code) {
      event.preventDefault()
      if (code.length >= SHORTEST) scanned(code)
    } else if (LASTS.includes(event.target.form?.getAttribute('action'))) {
      event.preventDefault() // Enter ends every bar code: it never answers these questions
    } else if (asksTwice(event.target)) {
      event.preventDefault()
      document.getElementById('again').focus()
    }
    return
  }
  heardKey(event)
  if (inField) return
  if (event.key === ' ' && typed.length > 1) event.preventDefault() // in the middle of a bar code
  const field = panel.querySelector('[data-bar-code]') // while nothing but a letter's number is asked for
  if (field && event.key.length === 1 && event.key !== ' ' && !event.target.closest?.('button, a, summary')) {
    field.focus() // the character lands there
  }
}, true)

// --- what was typed, for a window that is loaded anew in the middle of it ------------------------------------------------

const DRAFT_MS = 150
let drafting = null

function draft() {
  clearTimeout(drafting)
  drafting = null
  const form = panel.querySelector('[data-focus], [data-bar-code]')?.form
  if (!form) return
  const body = new URLSearchParams(new FormData(form))
  body.set('about', about())
  body.set('at', document.activeElement?.name ?? '')
  navigator.sendBeacon('/draft', body)
}
panel.addEventListener('input', () => {
  clearTimeout(drafting)
  drafting = setTimeout(draft, DRAFT_MS)
})
addEventListener('pagehide', () => { if (drafting) draft() })

function restore(fields) {
  const named = (name) => panel.querySelector(`input[name="${CSS.escape(name)}"]:not([type=hidden])`)
  const { at, ...typedBefore } = fields ?? {}
  for (const [name, value] of Object.entries(typedBefore)) {
    const field = named(name)
    if (field && !field.value.startsWith(value)) field.value = value + field.value
    if (field?.matches('[data-bar-code][aria-invalid]')) field.dataset.refused = value
  }
  const field = at ? named(at) : null
  if (field) {
    field.focus()
    field.setSelectionRange(field.value.length, field.value.length)
  }
}

// --- nobody signed in any more -----------------------------------------------------------------------------------------

// Names and pictures go at once, and what was begun waits in the program.
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

// --- the scanner -------------------------------------------------------------------------------------------------------

// Each sentence stays long enough to be read; of those that come meanwhile the newest follows. `tell` says whether it was new.
function unhurried(tell) {
  let said = -Infinity
  let waiting = null
  return (news, atOnce = false) => {
    clearTimeout(waiting)
    const speak = () => {
      if (tell(news)) said = performance.now()
    }
    const wait = said + READ_MS - performance.now()
    if (wait > 0 && !atOnce) waiting = setTimeout(speak, wait)
    else speak()
  }
}
const say = unhurried(({ text, helps }) => {
  const guidance = document.getElementById('guidance')
  if (guidance && guidance.textContent !== text) guidance.textContent = text
  const advice = document.getElementById('helps')
  if (!advice) return true
  for (const [person, sentence] of Object.entries(helps)) {
    const said = advice.querySelector(`[data-for=${person}] dd`)
    if (said.textContent !== sentence) said.textContent = sentence
  }
  advice.hidden = !Object.keys(helps).length
  return true
})

function voice(how) {
  if (scanner && how) scanner.dataset.voice = how
}

function device(change) {
  // Nobody has read what was not shown; and that a scan is finished is not said beside the bar of the next one.
  const unread = scanner?.dataset.voice !== 'speaks' || scanner.dataset.state === 'done'
  if (scanner && change.state) scanner.dataset.state = change.state
  if (change.state === 'empty') wipe()
  const row = document.getElementById('row')
  if (row && change.rows) row.max = change.rows
  if (row && change.row !== undefined) row.value = change.row
  const attempt = document.getElementById('attempt')
  if (attempt && change.attempt_text !== undefined) attempt.textContent = change.attempt_text
  voice(change.voice)
  if (change.text) say(change, unread)
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

// --- the program's events ---------------------------------------------------------------------------------------------

// The program says something every 2.5 s. When it does not, the connection is dead even if nobody has said so.
const SILENT_MS = 7500
const AGAIN_MS = 1000
const LOCK_MS = 1000 * Number(document.body.dataset.lock ?? 0) // after so long without a person's act the program locks
let source
let heard
let alive = performance.now()
const showUnhurried = unhurried((news) => {
  if (news.turn === turn()) return false
  show(news.html)
  return true
})
const on = {
  boot(sent) {
    boot ??= sent // a page that shows nothing of a visit is not told before
    if (sent !== boot) location.replace(atCounter ? `/?${chosen}` : OFFICE_S)
  },
  panel(news) {
    voice(news.voice)
    if (!atCounter) {
      if (news.visit !== panel.firstElementChild?.dataset.visit && chosen) return location.replace(OFFICE_S)
      // Only hands on the glass are too fast to be read, and what is taken back meanwhile is not said any more.
      showUnhurried(news, Number.parseInt(news.turn, 10) !== Number.parseInt(turn(), 10))
      return
    }
    if (news.turn !== turn()) show(news.html)
    restore(news.draft)
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
reachable()
focusNext()
listen()

// The technician's page: what moves is drawn three times a second while somebody looks, and a task that has ended shows
// its result. Without it the page has to be loaded anew.

const LOOK_MS = 333
const panel = document.getElementById('panel')
const section = document.getElementById('live-section')
const scope = document.getElementById('scope')
const over = document.getElementById('live-over')
const progress = document.getElementById('progress')
const SVG = 'http://www.w3.org/2000/svg'

function draw(name, lines) {
  const picture = document.getElementById(name)
  while (picture.children.length < lines.length) picture.append(document.createElementNS(SVG, 'polyline'))
  lines.forEach((values, number) => {
    picture.children[number].setAttribute('points', values.map((value, at) => `${at},${-value}`).join(' '))
  })
}

function show(live) {
  scope.hidden = !live.on
  over.hidden = !live.over
  over.querySelector('span').textContent = live.over
  if (!live.on || !live.samples.length) return
  draw('line', [live.line])
  draw('flow', [0, 1].map((field) => live.samples.map((sample) => sample[field])))
  draw('g', [4, 5, 6].map((field) => live.samples.map((sample) => sample[field])))
  const [, , squal, , , , , pins] = live.samples.at(-1)
  document.getElementById('squal').textContent = squal
  const switches = document.getElementById('pins')
  switches.textContent = switches.dataset.names.split(',').filter((_, bit) => pins & (1 << bit)).join(', ')
}

const looking = setInterval(async () => {
  if (!panel.firstElementChild) return clearInterval(looking) // nobody is signed in here any more
  if (!panel.dataset.goingOn && !section.dataset.on) return clearInterval(looking)
  const answer = await fetch('/service/now').catch(() => null)
  if (!answer?.ok || answer.redirected) return
  const { live, job } = await answer.json()
  if (panel.dataset.goingOn && job?.name !== panel.dataset.goingOn) {
    clearInterval(looking)
    location.replace('/service')
  }
  if (progress && job) progress.textContent = job.progress
  show(live)
  if (!live.on) delete section.dataset.on
}, LOOK_MS)

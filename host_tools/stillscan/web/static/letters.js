// What is typed of a decision is kept by the program, so that it is there again when the page is loaded anew or locks. While
// somebody types nothing locks: it is something that a person does.

const DRAFT_MS = 150
let field = null
let drafting = null

function draft() {
  clearTimeout(drafting)
  drafting = null
  const body = new URLSearchParams(new FormData(field.form))
  body.set('at', field.name)
  navigator.sendBeacon('/letters/draft', body)
}
document.getElementById('panel').addEventListener('input', (event) => {
  if (!event.target.matches('[name=deadline], [name=recipient], [name=reason]')) return
  if (drafting && field !== event.target) draft()
  field = event.target
  clearTimeout(drafting)
  drafting = setTimeout(draft, DRAFT_MS)
})
addEventListener('submit', () => { // what is sent is told by its answer, also that it is typed no more
  clearTimeout(drafting)
  drafting = null
})
addEventListener('pagehide', () => { if (drafting) draft() })

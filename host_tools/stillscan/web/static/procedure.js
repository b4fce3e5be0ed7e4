// A step that the scanner carries out: how far it is, and the page anew once it has ended. Without it the page is loaded
// anew by hand.

const LOOK_MS = 1000
const panel = document.getElementById('panel')
const progress = document.getElementById('progress')

const looking = setInterval(async () => {
  if (!panel.firstElementChild) return clearInterval(looking) // nobody is signed in here any more
  const answer = await fetch('/service/now').catch(() => null)
  if (!answer?.ok || answer.redirected) return
  const { job } = await answer.json()
  if (job) {
    progress.textContent = job.progress
    return
  }
  clearInterval(looking)
  location.reload()
}, LOOK_MS)

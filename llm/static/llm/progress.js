// Moves the bar without a reload; a browser without scripts loads the page again by itself.
const card = document.querySelector("[data-progress]");
const bar = card.querySelector("progress");

async function look() {
  let stands;
  try {
    const response = await fetch(card.dataset.progress);
    stands = await response.json();
  } catch {
    return;  // the next look may reach the server again
  }
  if (!stands.active) {
    location.reload();
    return;
  }
  bar.value = stands.done;
  for (const part of card.querySelectorAll("[data-shown]")) {
    part.textContent = stands[part.dataset.shown];
  }
}

setInterval(look, 1500);

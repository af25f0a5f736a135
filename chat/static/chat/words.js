// What the page says about itself: to the eye in the banner and the notice, to the ear in the status line.

const STATUS = {
  streaming: "Answer is being written",
  completed: "Answer complete",
  length: "Answer complete, at its longest",
  stopped: "Answer stopped",
  interrupted: "The answer was interrupted",
  error: "The answer could not be written",
};

const BANNERS = {
  up: { words: "" },
  lost: { words: "The connection is lost. The server keeps writing; the answer appears here when it is back.", canTry: true },
  offline: { words: "You are offline. The server keeps writing; the answer appears here when you are back.", canTry: true },
  4401: { words: "You are signed out. Sign in again to go on; what you wrote is kept.", canSignIn: true },
  4403: { words: "This conversation is not open to you any more." },
  4404: { words: "This conversation does not exist any more." },
};

const $ = (selector) => document.querySelector(selector);

export function announce(status) {
  $("#announce").textContent = STATUS[status] ?? status;
}

export function banner(state) {
  const { words, canTry = false, canSignIn = false } = BANNERS[state];
  $("#offline p").textContent = words;
  $("#offline button").hidden = !canTry;
  $("#offline a").hidden = !canSignIn;
  $("#offline a").search = `?next=${location.pathname}`;
  $("#offline").hidden = !words;
  document.body.classList.toggle("offline", Boolean(words));
}

export function problem(words) {
  $("#problem p").textContent = words;
  $("#problem").hidden = !words;
}

export function name(title) {
  if (!title) return;
  $("#title").textContent = title;
  document.title = `${title} · Parley`;
}

// What the page says about itself, in the words that the server gave: to the eye in the banner and the notice, to the
// ear in the one status line.

const $ = (selector) => document.querySelector(selector);
const words = new Map(Array.from($("#words").content.querySelectorAll("dt"), (dt) => [dt.textContent, dt.nextElementSibling.textContent]));

const CAN_TRY = new Set(["lost", "offline"]);

// The words for `key`, its {names} filled in.
export function word(key, values = {}) {
  return words.get(String(key)).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function announce(text) {
  $("#announce").textContent = text;
}

// `state` is up, lost, offline or the code with which the server closed the socket.
export function banner(state) {
  const isUp = state === "up";
  $("#offline p").textContent = isUp ? "" : word(state);
  $("#offline button").hidden = !CAN_TRY.has(state);
  $("#offline a").hidden = state !== 4401;
  $("#offline a").search = `?next=${location.pathname}`;
  $("#offline").hidden = isUp;
  document.body.classList.toggle("offline", !isUp);
}

export function problem(text) {
  $("#problem p").textContent = text;
  $("#problem").hidden = !text;
}

export function name(title) {
  if (!title) return;
  $("#title").textContent = title;
  document.title = `${title} · Parley`;
}

// Replays a run step by step, and keeps the page new while the run goes on. Without scripts it is a list.
const PAUSE = 1500;  // milliseconds that a step is shown while it plays
const page = document.querySelector("#content-main");
let place = 0;  // of the step that is shown alone; 0 shows all
let timer = 0;

const find = (selector) => page.querySelector(selector);
const steps = () => [...page.querySelectorAll(".step")];

function show(next) {
  const all = steps();
  place = Math.min(Math.max(next, 0), all.length);
  find("#replay").classList.toggle("stepping", place > 0);
  all.forEach((step, index) => {
    if (index + 1 === place) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
  const told = find(".place");
  if (told) told.textContent = place ? told.dataset.told.replace("{place}", place) : "";
  if (place === all.length) play(false);
}

function play(on) {
  clearInterval(timer);
  timer = on ? setInterval(() => show(place + 1), PAUSE) : 0;
  const button = find("[data-go=play]");
  if (!button) return;
  button.dataset.play ??= button.textContent;
  button.textContent = on ? button.dataset.pause : button.dataset.play;
}

const GO = {
  first: () => show(1),
  back: () => show(Math.max(place - 1, 1)),
  on: () => show(place + 1),
  last: () => show(steps().length),
  all: () => show(0),
  play: () => {
    if (timer) return play(false);
    show(place === steps().length ? 1 : place + 1);
    if (place < steps().length) play(true);
  },
};
const KEYS = { Home: "first", ArrowLeft: "back", ArrowRight: "on", End: "last", Escape: "all" };

function go(name) {
  if (name !== "play") play(false);
  GO[name]();
}

page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-go]");
  if (button) go(button.dataset.go);
});

document.addEventListener("keydown", (event) => {
  const name = KEYS[event.key];
  const busy = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
  if (!name || busy || !steps().length || event.target.closest("input, textarea, select, .scroll")) return;
  event.preventDefault();
  go(name);
});

function begin() {
  const stepper = find(".stepper");
  if (stepper) stepper.hidden = false;
}

// The server draws the page; what it drew anew takes the place of what was there.
function renew() {
  const asked = new XMLHttpRequest();
  asked.responseType = "document";
  asked.onload = () => {
    const fresh = asked.response?.querySelector("#content-main");
    if (!fresh) return;
    for (const id of ["run", "replay"]) replace(find(`#${id}`), fresh.querySelector(`#${id}`));
    begin();
    show(place);
  };
  asked.open("GET", location.pathname);
  asked.send();
}

function replace(old, fresh) {
  const writes = old.contains(document.activeElement) && document.activeElement.matches("input");
  if (writes) return;  // somebody is at a note: what they write stays
  old.replaceWith(document.adoptNode(fresh));
}

function follow(address) {
  const news = new EventSource(address);
  let soon = 0;
  news.onmessage = () => {
    clearTimeout(soon);
    soon = setTimeout(renew, 50);
  };
  news.addEventListener("end", () => news.close());
}

begin();
if (page.dataset.events) follow(page.dataset.events);

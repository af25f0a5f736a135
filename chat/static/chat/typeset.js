// TeX as MathML. The library comes with the first formula; what it cannot read stays TeX, in the letters of code.

import { idle } from "./pause.js";

const TO_DO = ".math:not(.open, [data-tex])";
const MOST = 500;  // formulas that are remembered
const LONGEST = 2_000;
// Nothing of \href, \includegraphics, \class or \style; no sign larger than a line or two.
const OPTIONS = { throwOnError: true, trust: false, maxSize: [10, 40], maxExpand: 200 };

const made = new Map();  // MathML, or null where it is no formula, by TeX
const waiting = [];
let isAsked = false;
let library;

// Puts MathML into every formula in and under `root`: at once where it is known, else when there is time.
export function typeset(root) {
  if (root.nodeType !== Node.ELEMENT_NODE) return;
  const found = [...root.querySelectorAll(TO_DO)];
  if (root.matches(TO_DO)) found.push(root);
  waiting.push(...found.filter((element) => !fill(element)));
  ask();
}

// Takes the MathML out again: what is under `root` is as the server sent it.
export function plain(root) {
  const found = [...root.querySelectorAll("[data-tex]")];
  if (root.matches("[data-tex]")) found.push(root);
  for (const element of found) {
    element.textContent = element.dataset.tex;
    delete element.dataset.tex;
  }
}

function key(element) {
  return `${element.matches("code:not(.wide)") ? "$" : "$$"}${element.textContent}`;
}

function fill(element) {
  const math = made.get(key(element));
  if (math === undefined) return false;
  if (math) {
    element.dataset.tex = element.textContent;
    element.replaceChildren(math.cloneNode(true));
  }
  return true;
}

function ask() {
  if (isAsked || !waiting.length) return;
  isAsked = true;
  idle((deadline) => work(deadline).catch(() => { isAsked = false; }));  // no network: the next formula tries again
}

async function work(deadline) {
  library ??= await load();
  do {
    const element = waiting.shift();
    if (!element.isConnected || !element.matches(TO_DO) || fill(element)) continue;
    if (made.size >= MOST) made.delete(made.keys().next().value);
    made.set(key(element), math(element.textContent, !element.matches("code:not(.wide)")));
    fill(element);
  } while (waiting.length && deadline.timeRemaining() > 5);
  isAsked = false;
  ask();
}

async function load() {
  const styles = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("./vendor/temml.css", import.meta.url).href });
  document.head.append(styles);
  return (await import("./vendor/temml.js")).default;
}

function math(tex, displayMode) {
  const box = document.createElement("span");
  try {
    if (tex.length <= LONGEST) library.render(tex, box, { ...OPTIONS, displayMode });
  } catch {
    return null;  // no TeX that it knows
  }
  for (const node of box.querySelectorAll("[id], [href]")) {  // \label and \ref: names on the page are ours
    node.removeAttribute("id");
    node.removeAttribute("href");
  }
  return box.firstElementChild;
}

// Blocks of code: a button to copy, one to wrap long lines, and colours when the browser has nothing else to do.

import { frame, idle } from "./pause.js";

const LONGEST = 20_000;  // characters; colouring more would be felt

const waiting = [];
let isAsked = false;
let highlighter;

// Gives every block of code under `root` its buttons.
export function offerButtons(root) {
  const blank = document.querySelector('[data-blank="code"]').content;
  const captions = root.matches?.(".code") ? [root.querySelector("figcaption")] : root.querySelectorAll(".code figcaption");
  for (const caption of captions) {
    if (!caption.querySelector("[data-added]")) caption.append(blank.cloneNode(true));
  }
}

// Colours the finished blocks of code under `root`, one at a time.
export function colour(root) {
  const blocks = root.matches?.(".code") ? [root] : root.querySelectorAll(".code");
  waiting.push(...blocks);
  ask();
}

export function toggleWrap(button) {
  const isOn = button.closest(".code").querySelector("pre").classList.toggle("wrap");
  button.setAttribute("aria-pressed", String(isOn));
}

function ask() {
  if (isAsked || !waiting.length) return;
  isAsked = true;
  idle(work);
}

async function work() {
  highlighter ??= (await import("./vendor/highlight.js")).default;
  const put = coloured(waiting.shift());
  if (put) {
    await frame();  // what changes between two frames has the page laid out twice
    put();
  }
  isAsked = false;
  ask();
}

// Works out the colours of a block; returns what puts them on the page.
function coloured(block) {
  const language = block.querySelector("figcaption").firstChild?.data.trim();
  const code = block.querySelector("code");
  const text = code.textContent;
  if (!block.isConnected || code.querySelector("span:not(.caret)") || text.length > LONGEST || !highlighter.getLanguage(language)) return;
  const parts = spans(highlighter.highlight(text, { language })._emitter.rootNode);
  return () => {
    const selection = document.getSelection();
    if (selection.isCollapsed || !selection.containsNode(code, true)) code.replaceChildren(...parts);
  };
}

// The highlighter's tree as nodes; its HTML is never used.
function spans({ children }) {
  return children.map((child) => {
    if (typeof child === "string") return child;
    const span = document.createElement("span");
    span.className = child.scope ? `hl-${child.scope.split(".")[0]}` : "";
    span.append(...spans(child));
    return span;
  });
}

// Copy buttons: one for each answer, one for each piece of code. Formulas that one selects and copies are TeX again.

import { announce, word } from "./words.js";

const DONE = 1_600;

export async function copy(button) {
  const text = button.dataset.copy === "code"
    ? button.closest(".code").querySelector("code").textContent
    : button.closest(".answer").querySelector("template[data-source]").content.textContent;
  confirm(button, await write(text));
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return writeTheOldWay(text);  // plain http on another machine has no clipboard
  }
}

function writeTheOldWay(text) {
  const field = document.createElement("textarea");
  field.className = "sr";
  field.value = text;
  const before = document.activeElement;
  document.body.append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  before?.focus();
  return isDone;
}

function confirm(button, isDone) {
  const icon = button.querySelector("use");
  const label = button.querySelector("span");
  const said = word(isDone ? "copied" : "not-copied");
  icon.setAttribute("href", isDone ? "#i-check" : "#i-cross");
  if (label) label.textContent = said;
  announce(said);
  setTimeout(() => {
    icon.setAttribute("href", "#i-copy");
    if (label) label.textContent = word("copy");
  }, DONE);
}

export function offerTex(messages) {
  messages.addEventListener("copy", (event) => {
    const copied = selected();
    if (!copied?.querySelector("[data-tex]")) return;
    for (const element of copied.querySelectorAll("[data-tex]")) {
      const sign = element.matches("code:not(.wide)") ? "$" : "$$";
      element.textContent = `${sign}${element.dataset.tex}${sign}`;
    }
    event.clipboardData.setData("text/html", copied.innerHTML);
    event.clipboardData.setData("text/plain", lines(copied));
    event.preventDefault();
  });
}

// A copy of what is selected, with whole formulas and without buttons.
function selected() {
  const selection = document.getSelection();
  if (selection.isCollapsed) return null;
  const range = selection.getRangeAt(0).cloneRange();
  const [first, last] = [range.startContainer, range.endContainer].map(formula);
  if (first) range.setStartBefore(first);
  if (last) range.setEndAfter(last);
  const copied = document.createElement("div");
  copied.append(range.cloneContents());
  copied.querySelectorAll("[data-added]").forEach((added) => added.remove());
  return copied;
}

function formula(node) {
  return (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement).closest("[data-tex]");
}

// The words of an element, each block on lines of its own: only what is on the page has them.
function lines(element) {
  element.className = "sr prose";
  document.body.append(element);
  const text = element.innerText;
  element.remove();
  return text;
}

// Copy buttons: one for each answer, one for each piece of code.

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

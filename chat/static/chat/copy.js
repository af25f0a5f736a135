// Copy buttons: one for each answer, one for each piece of code. They work with JavaScript only, so they come with it.

import { announce } from "./words.js";

const DONE = 1_600;

export function offerCopies(root) {
  const blank = document.querySelector('[data-blank="copy"]').content;
  for (const caption of root.querySelectorAll(".code figcaption:not(:has(button))")) {
    caption.append(blank.cloneNode(true));
  }
  for (const button of root.querySelectorAll('[data-copy="answer"]')) button.hidden = false;
}

export async function copy(button) {
  const text = button.dataset.copy === "code"
    ? button.closest(".code").querySelector("code").textContent
    : button.closest(".answer").querySelector("template[data-source]").content.textContent;
  confirm(button, await write(text) ? "Copied" : "Not copied");
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
  document.body.append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  return isDone;
}

function confirm(button, word) {
  const icon = button.querySelector("use");
  const label = button.querySelector("span");
  icon.setAttribute("href", word === "Copied" ? "#i-check" : "#i-cross");
  if (label) label.textContent = word;
  announce(word);
  setTimeout(() => {
    icon.setAttribute("href", "#i-copy");
    if (label) label.textContent = "Copy";
  }, DONE);
}

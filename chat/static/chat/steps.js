// What an agent does for an answer, as the server shows it: each frame says that some step stands otherwise.

import * as pages from "./pages.js";

export class Steps {
  constructor(item) {
    this.item = item;
    this.isOver = this.isBusy = this.isStale = false;
  }

  // Brings the cards up to date; what changes meanwhile is fetched once more.
  async renew() {
    this.isStale = true;
    if (this.isBusy) return;
    this.isBusy = true;
    while (this.isStale && !this.isOver) {
      this.isStale = false;
      const list = await pages.steps(document.body.dataset.conversation, this.item.dataset.message);
      if (list && !this.isOver) this.show(list);
    }
    this.isBusy = false;
  }

  show(list) {
    const here = this.item.querySelector(":scope > .steps");
    if (here) merge(here, list);
    else this.item.querySelector(":scope > .prose").before(list);
  }
}

// Makes the cards of `here` those of `there`. Cards that are the same stay, with what the reader writes in them.
export function merge(here, there) {
  for (const [n, card] of [...there.children].entries()) {
    const old = here.querySelector(`:scope > [data-step="${card.dataset.step}"]`);
    if (old) put(old, card);
    else here.insertBefore(card, here.children[n] ?? null);
  }
}

function put(old, card) {
  if (old.querySelector("details[open]")) card.querySelector("details")?.setAttribute("open", "");
  if (old.isEqualNode(card)) return;
  const hadFocus = old.contains(document.activeElement);
  old.replaceWith(card);
  if (hadFocus) card.querySelector("summary")?.focus();
}

// Sends what the reader decided about a step that waits; false if it did not arrive.
export async function decide(form, button) {
  const buttons = button.closest(".actions").querySelectorAll("button");
  const fields = new FormData(form, button);
  for (const one of buttons) one.disabled = true;
  const isDone = await pages.submit(button.formAction, fields);
  if (!isDone) for (const one of buttons) one.disabled = false;
  return isDone;
}

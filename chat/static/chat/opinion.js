// Thumbs up or down under an answer, and a note that says why.

import { rate } from "./pages.js";
import { announce, problem, word } from "./words.js";

export class Opinion {
  constructor(popover) {
    this.popover = popover;
    this.field = popover.querySelector("textarea");
    popover.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); this.note(); });
  }

  // A second press takes the opinion back.
  async press(button) {
    const item = button.closest(".answer");
    const isOn = button.getAttribute("aria-pressed") !== "true";
    if (!await this.keep(item, isOn ? button.dataset.rate : "0", "")) return;
    this.field.value = "";
    this.item = item;
    if (isOn) this.open(button);
    else if (this.popover.matches(":popover-open")) this.popover.hidePopover();
  }

  // Beside the thumb; the focus stays where it is, the note is for who wants it.
  open(button) {
    this.popover.hidePopover();
    this.popover.showPopover({ source: button });
  }

  async note() {
    const value = this.item.querySelector('[data-rate][aria-pressed="true"]')?.dataset.rate;
    if (value && await this.keep(this.item, value, this.field.value)) {
      this.popover.hidePopover();
      announce(word("thanks"));
    }
  }

  async keep(item, value, note) {
    if (!await rate(document.body.dataset.conversation, item.dataset.message, value, note)) {
      problem(word("not-kept"));
      return false;
    }
    for (const button of item.querySelectorAll("[data-rate]")) {
      button.setAttribute("aria-pressed", String(button.dataset.rate === value));
    }
    return true;
  }
}

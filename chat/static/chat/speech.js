// What a screen reader hears of an answer: that it began, waits for the reader and how it ended, and by choice its
// sentences on the way.

import { announce, word } from "./words.js";

const KEY = "parley:announce";
const WAYS = ["end", "sentence"];
const PAUSE = 2_000;  // a sentence that is said sooner would cut off the one before

export class Speech {
  constructor(groups) {
    this.unsaid = "";
    this.last = 0;
    for (const group of groups) {
      group.hidden = false;
      group.addEventListener("click", (event) => this.choose(event.target.closest("button")?.value));
    }
    this.groups = groups;
    this.show();
  }

  get way() {
    try {
      const kept = localStorage.getItem(KEY);
      return WAYS.includes(kept) ? kept : WAYS[0];
    } catch {
      return WAYS[0];
    }
  }

  choose(way) {
    if (!way) return;
    try { localStorage.setItem(KEY, way); } catch { /* it stays as it was */ }
    this.show();
  }

  show() {
    for (const group of this.groups) {
      for (const button of group.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === this.way));
    }
  }

  begun() {
    this.unsaid = "";
    this.hasAsked = false;
    announce(word("streaming"));
  }

  // An agent asks whether it may go on; the first time is said, the others are seen.
  asks() {
    if (!this.hasAsked) announce(word("waiting"));
    this.hasAsked = true;
  }

  heard(text) {
    if (this.way !== "sentence") return;
    this.unsaid += text;
    const end = this.unsaid.search(/[.!?…:](?=\s)[^.!?…:]*$/) + 1;
    if (!end || performance.now() - this.last < PAUSE) return;
    announce(this.unsaid.slice(0, end).trim());
    this.unsaid = this.unsaid.slice(end);
    this.last = performance.now();
  }

  ended(finish) {
    announce([this.unsaid.trim(), word(finish)].filter(Boolean).join(" "));
    this.unsaid = "";
  }
}

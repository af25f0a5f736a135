// What a screen reader hears of an answer: that it began, waits for the reader and how it ended, and by choice its
// sentences on the way.

import { announce, word } from "./words.js";

const WAYS = ["end", "sentence"];
const PAUSE = 2_000;  // a sentence that is said sooner would cut off the one before

export class Speech {
  constructor(forms) {
    this.unsaid = "";
    this.last = 0;
    this.forms = [...forms];
    const kept = this.forms[0]?.dataset.announceChoice;
    this.way = WAYS.includes(kept) ? kept : WAYS[0];
    for (const form of this.forms) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();  // an answer may be on its way: the page stays
        this.choose(form, event.submitter);
      });
    }
  }

  // The server keeps it for the person; here it holds at once, also where the line is down.
  choose(form, button) {
    this.way = button.value;
    for (const each of this.forms.flatMap((one) => [...one.querySelectorAll("button")])) {
      each.setAttribute("aria-pressed", String(each.value === this.way));
    }
    fetch(form.action, { method: "POST", body: new FormData(form, button), redirect: "manual" }).catch(() => {});
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

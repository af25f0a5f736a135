// Who answers, by which prompt and whether with tools: two lists in the composer that keep what was chosen last, and a
// box that the server fills in, as it was for the last answer.

import { storage } from "./outbox.js";

export class Choice {
  constructor(form) {
    this.lists = [...form.querySelectorAll("select")];
    this.agent = form.querySelector("#agent");
    for (const list of this.lists) {
      const kept = storage.get(this.key(list));
      if ([...list.options].some(({ value }) => value === kept)) list.value = kept;
      list.addEventListener("change", () => storage.set(this.key(list), list.value));
    }
  }

  key(list) {
    return `parley:${list.name}:${document.body.dataset.person}`;
  }

  // What a frame says of it: {prompt?, model?, agent?}; the usual is left to the server.
  get frame() {
    const chosen = this.lists.filter((list) => list.value !== list.dataset.usual);
    return { ...Object.fromEntries(chosen.map((list) => [list.name, list.value])), ...(this.agent?.checked && { agent: true }) };
  }
}

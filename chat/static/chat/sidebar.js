// The list of conversations: fetched again when an answer begins or ends, and searched as one types.

import { list } from "./pages.js";

export class Sidebar {
  constructor(list, field) {
    this.list = list;
    this.field = field;
    this.asked = 0;
    field.form.addEventListener("submit", (event) => { event.preventDefault(); this.refresh(); });
    field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.refresh(), 150);
    });
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
  }

  async refresh() {
    const mine = ++this.asked;
    const query = new URLSearchParams({ q: this.field.value, current: document.body.dataset.conversation });
    const nodes = await list(`${this.list.dataset.url}?${query}`);
    if (nodes && mine === this.asked) this.list.replaceChildren(...nodes);
  }
}

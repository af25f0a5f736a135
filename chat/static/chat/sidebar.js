// The list of conversations: fetched again when something may have changed, and searched as one types.

import { list } from "./pages.js";

const SOON = 4_000;  // while an answer is written elsewhere
const LATER = 60_000;  // other tabs and machines begin some too
const TITLES = [1_500, 5_000, 15_000];  // after an answer, when a model's title may be there

export class Sidebar {
  // `named` is told the title of the conversation that is open
  constructor(list, field, named) {
    this.list = list;
    this.field = field;
    this.named = named;
    this.asked = 0;
    field.form.addEventListener("submit", (event) => { event.preventDefault(); this.refresh(); });
    field.addEventListener("input", () => {
      clearTimeout(this.typed);
      this.typed = setTimeout(() => this.refresh(), 150);
    });
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
    this.wait();
  }

  // Who looks at older chats keeps them.
  get isOlder() {
    return new URLSearchParams(location.search).has("before");
  }

  async refresh() {
    const mine = ++this.asked;
    const query = new URLSearchParams({ q: this.field.value, current: document.body.dataset.conversation });
    const nodes = await list(`${this.list.dataset.url}?${query}`);
    if (nodes && mine === this.asked) this.show(nodes);
    this.wait();
  }

  // What has not changed stays, and with it the focus.
  show(nodes) {
    const fresh = document.createElement("div");
    fresh.append(...nodes);
    if (fresh.textContent !== this.list.textContent || fresh.querySelectorAll("svg").length !== this.list.querySelectorAll("svg").length) {
      const focused = this.list.contains(document.activeElement) && document.activeElement.getAttribute("href");
      this.list.replaceChildren(...fresh.childNodes);
      if (focused) this.list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
    const open = this.list.querySelector("[aria-current] [dir]");
    if (open) this.named(open.textContent);
  }

  // The title of a conversation comes a little after its first answer.
  expectTitle() {
    for (const wait of TITLES) setTimeout(() => this.refresh(), wait);
  }

  wait() {
    clearTimeout(this.next);
    if (this.isOlder) return;
    const isRunning = this.list.querySelector("a:not([aria-current]) .spinner");
    this.next = setTimeout(() => document.hidden ? this.wait() : this.refresh(), isRunning ? SOON : LATER);
  }
}

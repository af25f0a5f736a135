// Every branch of a conversation has an address; going to one changes the messages and leaves the page.

import { problem, word } from "./words.js";

const $ = (selector) => document.querySelector(selector);

export class Branches {
  constructor(thread, shown) {
    this.thread = thread;
    this.shown = shown;
    addEventListener("popstate", () => this.show(new URLSearchParams(location.search).get("leaf") ?? ""));
    document.addEventListener("click", (event) => this.clicked(event));
  }

  get base() {
    return `/c/${document.body.dataset.conversation}/`;
  }

  clicked(event) {
    const link = event.target.closest("a[data-leaf]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.go(link.dataset.leaf);
  }

  async go(leaf) {
    if (!await this.show(leaf)) return;
    history.pushState(null, "", `${this.base}?leaf=${leaf}`);
    const place = document.getElementById(`m-${leaf}`);
    place?.scrollIntoView({ block: "nearest", behavior: "instant" });
    place?.querySelector(".siblings :is(a, button:not(:disabled))")?.focus({ preventScroll: true });
  }

  async show(leaf) {
    const isThere = await this.thread.sync(leaf);
    problem(isThere ? "" : word("no-page"));
    if (isThere) $("#elsewhere").hidden = true;
    this.shown();
    return isThere;
  }

  // What this tab asked is the newest branch, which has the plain address.
  toNewest() {
    if (location.search) history.replaceState(null, "", this.base);
    $("#elsewhere").hidden = true;
  }

  // Tells that an answer is written on a branch that is not shown, and leads there.
  elsewhere(message) {
    const link = $("#elsewhere a");
    link.dataset.leaf = message;
    link.href = `${this.base}?leaf=${message}`;
    $("#elsewhere").hidden = false;
  }
}

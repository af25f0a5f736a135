// The way to earlier messages of a long thread: they come when the reader scrolls up to it.

import * as pages from "./pages.js";

const NEAR = "400px 0px";

export class Earlier {
  constructor(thread) {
    this.thread = thread;
    this.watch = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.load(), { rootMargin: NEAR });
    this.watchLink();
  }

  get nav() {
    return document.getElementById("earlier");
  }

  // Takes over the server's link; null where the thread begins.
  show(nav) {
    this.nav?.remove();
    if (nav) this.thread.list.before(nav);
    this.watchLink();
  }

  watchLink() {
    if (!this.nav) return;
    this.watch.observe(this.nav);
    this.nav.addEventListener("click", (event) => {
      event.preventDefault();
      this.load();
    });
  }

  async load() {
    const { nav } = this;
    if (!nav || nav.ariaBusy) return;
    nav.ariaBusy = "true";
    const found = await pages.thread(this.thread.conversation, "", nav.querySelector("a").href);
    nav.ariaBusy = null;
    if (!found || nav !== this.nav) return;
    const anchor = this.thread.list.firstElementChild;
    const before = anchor.getBoundingClientRect().top;
    this.thread.prepend(found.items);
    this.show(found.earlier);
    scrollBy({ top: anchor.getBoundingClientRect().top - before, behavior: "instant" });
  }
}

// An answer that is being written: text as it came, once a frame of the screen, each flush once.

export class Live {
  // `ask` is called with the last seq that we have when something is missing.
  constructor(item, ask) {
    this.item = item;
    this.generation = item.dataset.generation;
    this.seq = Number(item.dataset.seq ?? 0);
    this.ask = ask;
    this.waiting = "";
    const caret = item.querySelector(".raw > .caret");
    if (!caret.previousSibling) caret.before("");
    this.text = caret.previousSibling;
  }

  delta({ from, to, text }) {
    if (to <= this.seq) return;  // seen already
    if (from !== this.seq + 1) {
      this.miss();
      return;
    }
    this.seq = to;
    this.item.dataset.seq = to;
    this.waiting += text;
    this.painting ||= requestAnimationFrame(() => this.paint());
  }

  // Something is missing: ask for it once, however many frames say so.
  miss() {
    if (this.asked === this.seq) return;
    this.asked = this.seq;
    this.ask(this.seq);
  }

  paint() {
    this.painting = 0;
    this.text.appendData(this.waiting);
    this.waiting = "";
  }
}

// An answer that is being written: each flush once, painted once a frame of the screen.

import { frame } from "./pause.js";
import { Prose } from "./prose.js";
import { Steps } from "./steps.js";

const SLICE = 8;  // milliseconds of painting in one frame
const PATIENCE = 3;  // a frame that cost much is followed by a rest this many times as long

export class Live {
  // `on` holds: ask(seq) for what is missing after seq, sealed(element) for a finished block, heard(text)
  constructor(item, on) {
    this.item = item;
    this.generation = item.dataset.generation;
    this.seq = Number(item.dataset.seq ?? 0);
    this.on = on;
    this.restUntil = 0;
    this.steps = new Steps(item);
    const element = item.querySelector(".prose");
    const before = element.textContent;
    this.prose = new Prose(element, on.sealed);
    this.prose.append(before);
    this.prose.paint();  // at once: what stood on the page must not be seen to shrink
  }

  // True if flushes `from..to` come next: then they count as seen.
  isNext(from, to) {
    if (to <= this.seq) return false;  // seen already
    if (from !== this.seq + 1) {
      this.miss();
      return false;
    }
    this.seq = to;
    return true;
  }

  step({ seq }) {
    if (this.isNext(seq, seq)) this.steps.renew();
  }

  delta({ from, to, text }) {
    if (!this.isNext(from, to)) return;
    this.prose.append(text);
    this.on.heard(text);
    this.prepare();
  }

  prepare() {
    this.painting ||= requestAnimationFrame((now) => this.paint(now));
  }

  // Something is missing: ask for it once, however many frames say so.
  miss() {
    if (this.asked === this.seq) return;
    this.asked = this.seq;
    this.on.ask(this.seq);
  }

  paint(now) {
    this.painting = 0;
    this.item.dataset.seq = this.seq;  // not with each flush: the page would be laid out for it between two frames
    const begun = performance.now();
    if (now < this.restUntil) this.prepare();
    else if (this.prose.paint(begun + SLICE)) this.restUntil = now + (performance.now() - begun) * PATIENCE;
    else this.prepare();
  }

  async finish() {
    this.steps.isOver = true;
    cancelAnimationFrame(this.painting);
    this.painting = Infinity;  // what comes late is in the server's page
    do await frame(); while (!this.prose.paint(performance.now() + SLICE));
    this.prose.finish();
  }
}

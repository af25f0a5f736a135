// An answer that is being written: each flush once, painted once a frame of the screen.

import { Prose } from "./prose.js";

const PATIENCE = 3;  // a frame that cost much is followed by a rest this many times as long

export class Live {
  // `on` holds: ask(seq) for what is missing after seq, sealed(element) for a finished block, heard(text)
  constructor(item, on) {
    this.item = item;
    this.generation = item.dataset.generation;
    this.seq = Number(item.dataset.seq ?? 0);
    this.on = on;
    this.restUntil = 0;
    const element = item.querySelector(".prose");
    const before = element.textContent;
    this.prose = new Prose(element, on.sealed);
    this.prose.append(before);
    this.prose.paint();
  }

  delta({ from, to, text }) {
    if (to <= this.seq) return;  // seen already
    if (from !== this.seq + 1) {
      this.miss();
      return;
    }
    this.seq = to;
    this.item.dataset.seq = to;
    this.prose.append(text);
    this.on.heard(text);
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
    if (now < this.restUntil) {
      this.painting = requestAnimationFrame((later) => this.paint(later));
      return;
    }
    const begun = performance.now();
    this.prose.paint();
    this.restUntil = now + (performance.now() - begun) * PATIENCE;
  }

  finish() {
    cancelAnimationFrame(this.painting);
    this.prose.finish();
  }
}

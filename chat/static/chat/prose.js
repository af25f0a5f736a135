// An answer as it grows. A finished block goes onto the page once and is never touched again, so that a selection in
// it stays; only the last block is parsed again, and code that is still open only gains text.

import { Fence } from "./fence.js";
import { nodes, parse, render } from "./markdown.js";
import { typeset } from "./typeset.js";

const WINDOW = 2_000;  // characters that are parsed at once: what a frame of the screen has time to lay out
const CONTAINERS = "p, h3, h4, h5, h6, ul, ol, li, blockquote, pre, code, figure.code";

export class Prose {
  // `sealed` is called with each element that is finished.
  constructor(element, sealed = () => {}) {
    this.element = element;
    this.sealed = sealed;
    this.tail = "";
    this.painted = "";  // what of the tail is on the page
    this.shown = [];  // and as which nodes
    this.env = {};
    this.fence = null;
    this.reach = WINDOW;
    this.caret = document.createElement("span");
    this.caret.className = "caret";
    element.replaceChildren(this.caret);
    element.classList.remove("raw");
  }

  append(text) {
    this.tail += text;
    if (this.tail.endsWith("\r")) return;  // the other half of a line's end may follow
    this.tail = this.tail.replace(/\r\n?/g, "\n").replaceAll("\0", "\ufffd");
  }

  // Puts on the page what a frame of the screen has time for, until a moment of performance.now(); without one, all
  // there is. True when nothing is left.
  paint(until = Infinity) {
    this.caret.remove();
    const enough = until < Infinity ? this.tail.length - WINDOW / 2 : -Infinity;
    let isMore = this.step();
    while (isMore && this.tail.length > enough && performance.now() < until) isMore = this.step();
    this.place();
    return !isMore;
  }

  finish() {
    this.paint();
    if (this.fence) this.fence.finish(this.tail);
    else if (this.element.querySelector(".math.open")) this.show(render(this.tail, this.trial(false)).childNodes);
    this.caret.remove();
    const last = this.fence ? [this.fence.figure] : this.shown.filter((node) => node.nodeType === Node.ELEMENT_NODE);
    last.forEach(this.sealed);
  }

  // Some blocks less in the tail; false when the rest has to wait for more text.
  step() {
    if (this.fence) return this.grow();
    if (this.tail === this.painted) return false;
    const text = this.near();
    const env = this.trial(true);
    const tokens = parse(text, env);
    const begin = this.begin(text, tokens);
    if (begin > 0) {
      this.seal(begin);
      return true;
    }
    if ((this.fence = Fence.at(text))) {
      this.tail = this.tail.slice(this.fence.length);
      this.settle([this.fence.figure]);
      return true;
    }
    if (text !== this.tail) {  // one block, longer than what was looked at
      this.reach *= 2;
      return true;
    }
    this.show(nodes(text, tokens, env).childNodes);
    this.painted = this.tail;
    return false;
  }

  // What is known of links, for a text that is not sealed yet.
  trial(isOpen) {
    return { references: { ...this.env.references }, isOpen };
  }

  // The beginning of the tail, whole lines of it.
  near() {
    if (this.tail.length <= this.reach) return this.tail;
    const end = this.tail.lastIndexOf("\n", this.reach);
    return end > 0 ? this.tail.slice(0, end + 1) : this.tail;
  }

  grow() {
    const { rest, isClosed } = this.fence.take(this.tail);
    this.tail = rest;
    if (!isClosed) return false;
    this.sealed(this.fence.figure);
    this.fence = null;
    return rest !== "";
  }

  // Where the last block begins of which a whole line is there: the rest of a line may make it a part of the one before.
  begin(text, tokens) {
    const blocks = tokens.filter(({ level, nesting, map }) => level === 0 && nesting >= 0 && map);
    for (const { map: [line] } of blocks.reverse()) {
      const at = this.at(line);
      if (text.includes("\n", at)) return at;
    }
    return 0;
  }

  // Where a line of the tail begins.
  at(line) {
    let at = 0;
    for (let left = line; left > 0; left--) at = this.tail.indexOf("\n", at) + 1;
    return at;
  }

  seal(end) {
    const fragment = render(this.tail.slice(0, end), this.env);
    this.tail = this.tail.slice(end);
    this.reach = WINDOW;
    const finished = [...fragment.children];
    this.settle(fragment.childNodes);
    finished.forEach(this.sealed);
  }

  // What is shown now stays.
  settle(fresh) {
    this.show(fresh);
    this.shown = [];
    this.painted = "";
  }

  show(fresh) {
    for (const node of this.shown) node.remove();
    this.shown = [...fresh];
    this.shown.forEach(typeset);
    this.element.append(...this.shown);
  }

  // The caret stands after the last letter, however deep that is.
  place() {
    let at = this.element;
    while (at.lastElementChild?.matches(CONTAINERS)) at = at.lastElementChild;
    if (at.lastElementChild?.matches(".table, hr")) at = this.element;
    at.append(this.caret);
  }
}

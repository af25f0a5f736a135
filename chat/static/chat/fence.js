// A block of code whose end has not come: its text grows in place, line by line, and nothing is parsed again.

import { render } from "./markdown.js";

const OPENING = /^( {0,3})(?:(`{3,})[^`\n]*|(~{3,})[^\n]*)\n/;
const MAYBE_CLOSING = /^ {0,3}[`~]*[ \t]*$/;  // an unfinished line that may yet become the end

export class Fence {
  // The fence that `text` begins with, or null.
  static at(text) {
    const found = text.match(OPENING);
    return found && new Fence(found);
  }

  constructor([line, indent, ticks, tildes]) {
    const fragment = render(`${line}\n`);
    this.figure = fragment.querySelector("figure");
    this.code = this.figure.querySelector("code");
    this.code.replaceChildren("");
    this.text = this.code.firstChild;
    this.length = line.length;
    this.indent = new RegExp(`^ {0,${indent.length}}`);
    const mark = ticks ?? tildes;
    this.closing = new RegExp(`^ {0,3}${mark[0]}{${mark.length},}[ \\t]*$`);
    this.shown = 0;  // characters of the unfinished line that are on the page
  }

  // Shows as much of `text` as can be; returns what is left of it, and whether the block has ended.
  take(text) {
    let from = 0;
    let added = "";
    for (let end; (end = text.indexOf("\n", from)) >= 0; from = end + 1) {
      const line = text.slice(from, end);
      if (!this.shown && this.closing.test(line)) {
        this.text.appendData(added);
        return { rest: text.slice(end + 1), isClosed: true };
      }
      added += `${this.bare(line)}\n`;
      this.shown = 0;
    }
    const rest = text.slice(from);
    if (!MAYBE_CLOSING.test(rest)) {
      added += this.bare(rest);
      this.shown = this.bareLength(rest);
    }
    if (added) this.text.appendData(added);
    return { rest, isClosed: false };
  }

  // What of a line is not on the page yet, without the indent of the fence.
  bare(line) {
    return line.replace(this.indent, "").slice(this.shown);
  }

  bareLength(line) {
    return line.replace(this.indent, "").length;
  }

  // Nothing more comes: what was held back is code after all.
  finish(rest) {
    if (!this.closing.test(rest)) this.text.appendData(this.bare(rest));
  }
}

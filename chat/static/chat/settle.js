// The end of an answer: the server's HTML is the truth, and only what differs from it is swapped.

import { pause } from "./pause.js";
import { plain } from "./typeset.js";

const SLICE = 8;  // milliseconds of comparing before the browser has its turn

// Makes `here`, which was written live, into `there`, which the server rendered. Blocks that are equal stay, and
// with them what the reader has selected in them.
export async function settle(here, there) {
  const ours = here.querySelector(":scope > .prose");
  const theirs = there.querySelector(":scope > .prose");
  if (ours && theirs) {
    await reconcile(ours, theirs);
    for (const node of [...here.childNodes]) if (node !== ours) node.remove();
    const around = [...there.childNodes];
    const at = around.indexOf(theirs);
    ours.before(...around.slice(0, at));
    ours.after(...around.slice(at + 1));
  } else here.replaceChildren(...there.childNodes);
  for (const { name } of [...here.attributes]) if (!there.hasAttribute(name)) here.removeAttribute(name);
  for (const { name, value } of there.attributes) here.setAttribute(name, value);
}

async function reconcile(ours, theirs) {
  const [left, right] = [[...ours.children], [...theirs.children]];
  let until = performance.now() + SLICE;
  for (const [n, block] of right.entries()) {
    if (!left[n]) ours.append(block);
    else if (!isSame(left[n], block)) left[n].replaceWith(block);
    if (performance.now() < until) continue;
    await pause();
    until = performance.now() + SLICE;
  }
  left.slice(right.length).forEach((block) => block.remove());
}

function isSame(one, other) {
  return one.isEqualNode(other) || (one.tagName === other.tagName && bare(one).isEqualNode(bare(other)));
}

// A block without what the page added to it: buttons, colours, formulas, the ends of lines between elements.
function bare(block) {
  const copy = block.cloneNode(true);
  copy.querySelectorAll("[data-added]").forEach((added) => added.remove());
  plain(copy);
  copy.querySelectorAll("pre code").forEach((code) => { code.textContent = code.textContent.trimEnd(); });
  copy.querySelectorAll(".wrap").forEach((wrapped) => wrapped.removeAttribute("class"));
  copy.querySelectorAll("figcaption").forEach((caption) => { caption.textContent = caption.textContent.trim(); });
  copy.normalize();
  return copy;
}

// The end of an answer: the server's HTML is the truth, and only what differs from it is swapped.

import { pause } from "./pause.js";
import { merge } from "./steps.js";
import { plain } from "./typeset.js";

const SLICE = 8;  // milliseconds of comparing before the browser has its turn

// Makes `here`, which was written live, into `there`, which the server rendered. Blocks that are equal stay, and
// with them what the reader has selected in them.
export async function settle(here, there) {
  const kept = new Map();  // ours, by theirs
  for (const [part, bring] of [[".steps", merge], [".prose", reconcile]]) {
    const [ours, theirs] = [here, there].map((item) => item.querySelector(`:scope > ${part}`));
    if (!ours || !theirs) continue;
    await bring(ours, theirs);
    kept.set(theirs, ours);
  }
  const stay = new Set(kept.values());
  for (const node of [...here.childNodes]) if (!stay.has(node)) node.remove();
  let next = here.firstChild;
  for (const node of [...there.childNodes]) {
    if (kept.has(node)) next = kept.get(node).nextSibling;
    else here.insertBefore(node, next);
  }
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

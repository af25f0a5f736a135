// Formulas in Markdown: $a$, $$a$$, \(a\) and \[a\], as TeX that typeset.js makes MathML of. The twin of the server's
// chat/formulas.py, which says what is one.

const LONGEST = 2_000;
const MOST_LINES = 40;
const INLINE = [["$$", "$$"], ["$", "$"], ["\\(", "\\)"], ["\\[", "\\]"]];
const BLOCK = { "$$": "$$", "\\[": "\\]" };
const SPACE = " \t\n";
const WORD = /^[0-9A-Za-z]/;

const escape = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);
const strip = (text) => text.replace(/^[ \t\n]+|[ \t\n]+$/g, "");

// Teaches a parser what a formula is and how it is shown.
export function learn(parser) {
  parser.inline.ruler.before("escape", "formula", inline);
  parser.block.ruler.before("fence", "formula_block", block, { alt: ["paragraph", "reference", "blockquote", "list"] });
  parser.renderer.rules.formula = (tokens, n) => `<code class="math${tokens[n].meta.isWide ? " wide" : ""}">${escape(tokens[n].content)}</code>`;
  parser.renderer.rules.formula_block = (tokens, n) => `<div class="math${tokens[n].meta.isOpen ? " open" : ""}" tabindex="0">${escape(tokens[n].content)}</div>\n`;
}

function inline(state, isSilent) {
  const { src, pos } = state;
  const [opening, closing] = INLINE.find(([sign]) => src.startsWith(sign, pos)) ?? [];
  if (!opening) return false;
  const begin = pos + opening.length;
  const end = endOf(src, closing, begin, Math.min(state.posMax, begin + LONGEST));
  if (end < 0 || !strip(src.slice(begin, end))) return false;
  const after = end + closing.length;
  if (opening === "$" && !isTight(src, pos, end, after)) return false;
  if (!isSilent) {
    const token = state.push("formula", "code", 0);
    token.content = strip(src.slice(begin, end));
    token.meta = { isWide: opening in BLOCK };
  }
  state.pos = after;
  return true;
}

// Where the closing sign stands that no backslash takes away, or -1.
function endOf(text, closing, begin, limit) {
  const window = text.slice(0, limit);
  let at = window.indexOf(closing, begin);
  while (at > 0 && closing[0] === "$" && window[at - 1] === "\\") at = window.indexOf(closing, at + 1);
  return at;
}

function isTight(text, at, end, after) {
  const isInside = !SPACE.includes(text[at + 1]) && !SPACE.includes(text[end - 1]);
  const [before, behind] = [text.charAt(at - 1), text.charAt(after)];
  return isInside && !WORD.test(before) && !WORD.test(behind) && behind !== "$";
}

// With env.isOpen more text may follow: a formula whose end has not come is one already.
function block(state, start, end, isSilent) {
  const first = lineOf(state, start);
  const closing = BLOCK[first.slice(0, 2)];
  if (!closing || state.sCount[start] - state.blkIndent >= 4) return false;
  const lines = [first.slice(2)];
  let line = start;
  while (!lines.at(-1).includes(closing)) {
    line += 1;
    if (line >= end && line < start + MOST_LINES && state.env.isOpen) return push(state, lines, start, line, isSilent, true);
    if (line >= Math.min(end, start + MOST_LINES) || state.isEmpty(line) || state.sCount[line] < state.blkIndent) return false;
    lines.push(lineOf(state, line));
    if (first.slice(0, 2) !== closing && lines.at(-1).startsWith(first.slice(0, 2))) return false;
  }
  const last = lines.pop();
  const at = last.indexOf(closing);
  if (strip(last.slice(at + 2))) return false;
  return push(state, [...lines, last.slice(0, at)], start, line + 1, isSilent);
}

function push(state, lines, start, next, isSilent, isOpen = false) {
  const content = strip(lines.join("\n"));
  if (!content && !isOpen) return false;
  if (!isSilent) {
    const token = state.push("formula_block", "div", 0);
    Object.assign(token, { content, block: true, map: [start, next], meta: { isOpen } });
  }
  state.line = next;
  return true;
}

function lineOf(state, line) {
  return state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]);
}

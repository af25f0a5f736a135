r"""Formulas in Markdown: `$a$`, `$$a$$`, `\(a\)` and `\[a\]`, as TeX; a script makes MathML of it.

The twin of static/chat/formulas.js: what is a formula there is one here. Money is none: a single dollar opens
only before a letter or sign and closes only after one, and no letter or digit stands outside.
"""

import re
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

LONGEST, MOST_LINES = 2_000, 40  # where no end is near, none is looked for
INLINE = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))  # the longer sign first
BLOCK = {"$$": "$$", r"\[": r"\]"}
SPACE = " \t\n"
WORD = re.compile(r"[0-9A-Za-z]")


def learn(parser: MarkdownIt) -> None:
    """Teach a parser what a formula is and how it is shown."""
    parser.inline.ruler.before("escape", "formula", _inline)
    breaks: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("fence", "formula_block", _block, breaks)


class FormulaRenderer(RendererHTML):
    """Each method is named after its token."""

    def formula(self, tokens: list[Token], index: int, options: object, env: object) -> str:
        kind = "math wide" if tokens[index].meta.get("wide") else "math"
        return f'<code class="{kind}">{escape(tokens[index].content)}</code>'

    def formula_block(self, tokens: list[Token], index: int, options: object, env: object) -> str:
        return f'<div class="math" tabindex="0">{escape(tokens[index].content)}</div>\n'


def _inline(state: StateInline, silent: bool) -> bool:
    opening, closing = next((pair for pair in INLINE if state.src.startswith(pair[0], state.pos)), ("", ""))
    if not opening:
        return False
    begin = state.pos + len(opening)
    end = _end(state.src, closing, begin, min(state.posMax, begin + LONGEST))
    if end < 0 or not state.src[begin:end].strip(SPACE):
        return False
    after = end + len(closing)
    if opening == "$" and not _is_tight(state.src, state.pos, end, after):
        return False
    if not silent:
        token = state.push("formula", "code", 0)
        token.content = state.src[begin:end].strip(SPACE)
        token.meta = {"wide": opening in BLOCK}
    state.pos = after
    return True


def _end(text: str, closing: str, begin: int, limit: int) -> int:
    """Return where the closing sign stands that no backslash takes away, or -1."""
    at = text.find(closing, begin, limit)
    while at > 0 and closing[0] == "$" and text[at - 1] == "\\":
        at = text.find(closing, at + 1, limit)
    return at


def _is_tight(text: str, at: int, end: int, after: int) -> bool:
    inside = text[at + 1] not in SPACE and text[end - 1] not in SPACE
    before, behind = text[at - 1 : at] if at else "", text[after : after + 1]
    return inside and not WORD.match(before) and not WORD.match(behind) and behind != "$"


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    first = _line(state, start)
    closing = BLOCK.get(first[:2])
    if closing is None or state.is_code_block(start):
        return False
    lines = [first[2:]]
    line = start
    while closing not in lines[-1]:
        line += 1
        if (
            line >= min(end, start + MOST_LINES)
            or state.isEmpty(line)
            or state.sCount[line] < state.blkIndent
        ):
            return False
        lines.append(_line(state, line))
        if first[:2] != closing and lines[-1].startswith(first[:2]):  # else a run of these takes seconds
            return False
    lines[-1], _, rest = lines[-1].partition(closing)
    content = "\n".join(lines).strip(SPACE)
    if rest.strip(SPACE) or not content:
        return False
    if not silent:
        token = state.push("formula_block", "div", 0)
        token.content, token.block, token.map = content, True, [start, line + 1]
    state.line = line + 1
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]

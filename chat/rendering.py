"""Markdown that a model wrote, as HTML that is safe to show: no tag of its own, no foreign request."""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from chat.formulas import FormulaRenderer, learn

SCHEMES = ("http:", "https:", "mailto:")
TAGS = {
    *("p", "h3", "h4", "h5", "h6", "blockquote", "hr", "br", "ul", "ol", "li", "div", "figure", "figcaption"),
    *("table", "thead", "tbody", "tr", "th", "td", "pre", "code", "a", "em", "strong", "s"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "pre": {"tabindex"}, "th": {"scope"}}
VALUES = {"div": {"role": {"region"}, "tabindex": {"0"}, "aria-label": {"Table"}}}
CLASSES = {
    "figure": {"code"},
    "code": {"math", "wide"},
    "div": {"table", "math"},
    "th": {"center", "num"},
    "td": {"center", "num"},
}
MOST_BRACKETS = 1_000  # each open one is followed to the end of its text: 32,000 of them take ten seconds
TABLE = re.compile(r'(<div\b[^<>]* aria-label=")Table("[^<>]*>)')
LANGUAGE = re.compile(r"[\w+#.-]{1,32}")
NUMBER = re.compile(r"\s*\d+([.)])\s*")  # "1591." is an answer; to Markdown it is a list of nothing


@lru_cache(maxsize=512)
def render(text: str) -> str:
    """Return `text` as HTML; links open elsewhere and carry nothing of this site along."""
    if alone := NUMBER.fullmatch(text):
        text = text.replace(alone[1], f"\\{alone[1]}")
    return nh3.clean(
        (_markdown if text.count("[") <= MOST_BRACKETS else _without_links).render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        tag_attribute_values=VALUES,
        allowed_classes=CLASSES,
        attribute_filter=_only_absolute_links,
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener nofollow ugc",
        url_schemes={scheme.removesuffix(":") for scheme in SCHEMES},
    )


def label_tables(html: str, name: str) -> str:
    """Say "table" in the reader's language; `html` is the same in all of them."""
    return TABLE.sub(lambda tag: f"{tag[1]}{escape(name)}{tag[2]}", html)


def _only_absolute_links(tag: str, attribute: str, value: str) -> str | None:
    """Drop addresses of this site too: a model's link should never look like one of ours."""
    if attribute == "href" and not value.lower().startswith(SCHEMES):
        return None
    return value


class _Renderer(FormulaRenderer):
    """The parts that look different here; each method is named after its token."""

    def fence(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        language = LANGUAGE.match(tokens[index].info.strip())
        return _code(tokens[index].content, language[0] if language else "text")

    def code_block(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        return _code(tokens[index].content, "text")

    def table_open(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="table" role="region" aria-label="Table" tabindex="0"><table>'

    def table_close(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>"

    def image(self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
        """A link instead: a picture's address tells its host who reads what."""
        source = str(tokens[index].attrs.get("src", ""))
        words = self.renderInlineAsText(tokens[index].children, options, env) or source
        return f'<a href="{escape(source)}">{escape(words)}</a>'


def _code(content: str, language: str) -> str:
    return (
        f'<figure class="code"><figcaption>{escape(language)}</figcaption>'
        f'<pre tabindex="0"><code>{escape(content)}</code></pre></figure>\n'
    )


def _fit_page(state: object) -> None:
    """Put headings under the page's own two levels, and alignment into classes (styles are not allowed)."""
    for token in state.tokens:  # type: ignore[attr-defined]
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        elif token.type in {"th_open", "td_open"}:
            _align(token)


def _align(cell: Token) -> None:
    style = str(cell.attrs.pop("style", ""))
    if style.endswith(("right", "center")):
        cell.attrs["class"] = "num" if style.endswith("right") else "center"
    if cell.tag == "th":
        cell.attrs["scope"] = "col"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("js-default", renderer_cls=_Renderer)
    learn(parser)
    parser.core.ruler.push("fit_page", _fit_page)
    return parser


_markdown = _parser()
_without_links = _parser().disable(["link", "image"])

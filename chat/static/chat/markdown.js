// Markdown that a model wrote, as nodes that are safe to show. The twin of the server's chat/rendering.py, whose
// HTML is the truth once an answer has ended; what differs between the two is swapped then.

import { learn } from "./formulas.js";
import DOMPurify from "./vendor/dompurify.js";
import MarkdownIt from "./vendor/markdown-it.js";
import { word } from "./words.js";

const SCHEMES = /^(?:https?|mailto):/i;
const MOST_BRACKETS = 1_000;  // each open one is followed to the end of its text
const LANGUAGE = /^[\p{L}\p{N}_+#.-]{1,32}/u;
const RULES = {
  ALLOWED_TAGS: [
    "p", "h3", "h4", "h5", "h6", "blockquote", "hr", "br", "ul", "ol", "li", "div", "figure", "figcaption",
    "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "a", "em", "strong", "s",
  ],
  ALLOWED_ATTR: ["href", "title", "start", "tabindex", "scope", "class", "role", "aria-label"],
  ALLOW_DATA_ATTR: false,
  ALLOWED_URI_REGEXP: SCHEMES,  // which would hold for every attribute but these
  ADD_URI_SAFE_ATTR: ["start", "tabindex", "scope", "class", "role", "aria-label", "title"],
  RETURN_DOM_FRAGMENT: true,
};

const escape = (text) => text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);

function code(content, language) {
  return `<figure class="code"><figcaption>${escape(language)}</figcaption><pre tabindex="0"><code>${escape(content)}</code></pre></figure>\n`;
}

const renderers = {
  fence: (tokens, n) => code(tokens[n].content, tokens[n].info.trim().match(LANGUAGE)?.[0] ?? "text"),
  code_block: (tokens, n) => code(tokens[n].content, "text"),
  table_open: () => `<div class="table" role="region" aria-label="${escape(word("table"))}" tabindex="0"><table>`,
  table_close: () => "</table></div>",
  // A link instead: a picture's address tells its host who reads what.
  image: (tokens, n, options, env, self) => {
    const source = tokens[n].attrGet("src") ?? "";
    return `<a href="${escape(source)}">${escape(self.renderInlineAsText(tokens[n].children, options, env) || source)}</a>`;
  },
};

// Headings stand under the page's own two levels; alignment is a class, because styles are not allowed.
function fitPage(state) {
  for (const token of state.tokens) {
    if (token.type === "heading_open" || token.type === "heading_close") {
      token.tag = `h${Math.min(Number(token.tag[1]) + 2, 6)}`;
    } else if (token.type === "th_open" || token.type === "td_open") {
      const [, side] = token.attrGet("style")?.match(/(right|center)$/) ?? [];
      token.attrs = side ? [["class", side === "right" ? "num" : "center"]] : null;
      if (token.tag === "th") token.attrPush(["scope", "col"]);
    }
  }
}

function parser() {
  const made = MarkdownIt();
  learn(made);
  made.core.ruler.push("fit_page", fitPage);
  Object.assign(made.renderer.rules, renderers);
  return made;
}

const full = parser();
const withoutLinks = parser().disable(["link", "image"]);

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener nofollow ugc");
});

function fit(text) {
  return text.split("[", MOST_BRACKETS + 2).length > MOST_BRACKETS + 1 ? withoutLinks : full;
}

// The tokens of `text`; `env` keeps the addresses of reference links, and says by isOpen that more text may follow.
export function parse(text, env) {
  return fit(text).parse(text, env);
}

export function nodes(text, tokens, env) {
  const chosen = fit(text);
  return DOMPurify.sanitize(chosen.renderer.render(tokens, chosen.options, env), RULES);
}

export function render(text, env) {
  return nodes(text, parse(text, env), env);
}

// Goes through once what the first words of an answer would wait for.
export function warm() {
  render("# a\n\n*b* **c** `d` [e](https://example.com)\n\n- f\n\n```js\ng\n```\n\n| h |\n|---|\n| i |\n", {});
}

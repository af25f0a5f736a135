"""Markdown in, safe HTML out. The tests read the HTML as a browser would: by its elements."""

from html.parser import HTMLParser

import pytest

from chat.rendering import SCHEMES, TAGS, render


class Elements(HTMLParser):
    """Every element of a piece of HTML with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def elements(markdown: str) -> list[tuple[str, dict[str, str]]]:
    return Elements(render(markdown)).found


def links(markdown: str) -> list[dict[str, str]]:
    return [attributes for tag, attributes in elements(markdown) if tag == "a"]


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<img src="https://evil.example/pixel.gif">',
    "<svg onload=alert(1)>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<style>@import 'https://evil.example/x.css'</style>",
    "<a href='javascript:alert(1)' onclick='alert(1)'>x</a>",
    "<form action='https://evil.example'><input name=p></form>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '![x"onerror="alert(1)](https://evil.example/a.png)',
    "![pixel](https://evil.example/pixel.gif?secret=1)",
    '[x](https://evil.example/"onmouseover="alert(1))',
    '[x](https://evil.example "\'><img src=x onerror=alert(1)>")',
    "[x]: javascript:alert(1)\n\n[x]",
    "```<img src=x onerror=alert(1)>\ncode\n```",
    '```js" onmouseover="alert(1)\ncode\n```',
    "```\n</code></pre><script>alert(1)</script>\n```",
    "    </code></pre><img src=x onerror=alert(1)>",
    "| <img src=x onerror=alert(1)> |\n|---|\n| [x](javascript:alert(1)) |",
    "`<img src=x onerror=alert(1)>`",
    "# <script>alert(1)</script>",
    r"$\href{javascript:alert(1)}{x}$",
    r"$$\includegraphics{https://evil.example/pixel.gif}$$",
    "$</code><img src=x onerror=alert(1)>$",
    "\\[\n</div><script>alert(1)</script>\n\\]",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_an_attack_becomes_an_element(attack: str) -> None:
    for tag, attributes in elements(attack):
        assert tag in TAGS
        assert not [
            name for name in attributes if name.startswith("on") or name in {"style", "src", "srcdoc"}
        ]
        assert attributes.get("href", SCHEMES[0]).lower().startswith(SCHEMES)


def test_a_link_opens_elsewhere_and_tells_nobody_where_from() -> None:
    assert links("[x](https://example.com/?a=1&b=2)") == [
        {"href": "https://example.com/?a=1&b=2", "target": "_blank", "rel": "noopener nofollow ugc"}
    ]


@pytest.mark.parametrize("address", ["https://a.example", "http://a.example", "mailto:a@b.example"])
def test_an_address_in_angle_brackets_is_a_link(address: str) -> None:
    assert links(f"<{address}>")[0]["href"] == address


@pytest.mark.parametrize("address", ["/admin/", "//evil.example/", "?text=x", "#top"])
def test_a_link_never_leads_into_this_site(address: str) -> None:
    assert "href" not in links(f"[Settings]({address})")[0]


def test_a_picture_is_a_link_with_its_words() -> None:
    html = render("![a cat](https://example.com/cat.png)")
    assert "<img" not in html
    assert ">a cat</a>" in html


def test_markup_is_shown_as_it_was_written() -> None:
    assert "&lt;b&gt;bold&lt;/b&gt;" in render("<b>bold</b>")


def test_code_says_its_language() -> None:
    html = render("```python\nif a < b:\n    pass\n```")
    assert '<figure class="code"><figcaption>python</figcaption><pre tabindex="0"><code>if a &lt; b:' in html


def test_a_table_scrolls_by_itself_and_aligns_without_styles() -> None:
    html = render("| a | b |\n|---|--:|\n| 1 | 2 |")
    table = {"class": "table", "role": "region", "aria-label": "Table", "tabindex": "0"}
    assert ("div", table) in Elements(html).found
    assert '<td class="num">2</td>' in html
    assert "style" not in html


def test_headings_stand_under_those_of_the_page() -> None:
    assert [tag for tag, _ in elements("# a\n\n## b\n\n###### c")] == ["h3", "h4", "h6"]


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "*",
        "`",
        "> ",
        "![",
        "- ",
        "<",
        "|",
        "\n    x",
        "**a ",
        "$",
        "$a",
        "$$",
        "\\(",
        "\\[",
        "$$\n",
        "\\[\n",
    ],
)
def test_a_long_run_of_anything_is_rendered(unit: str) -> None:
    assert render(unit * (32_000 // len(unit)))


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("a $x_1*y*$ b", '<p>a <code class="math">x_1*y*</code> b</p>'),
        (r"\(a_b\), \[c\]", '<p><code class="math">a_b</code>, <code class="math wide">c</code></p>'),
        ("so $$a<b$$.", '<p>so <code class="math wide">a&lt;b</code>.</p>'),
        ("$$\na\n+ b\n$$", '<div class="math" tabindex="0">a\n+ b</div>'),
        ("It is\n\\[\n  a\n\\]\nthen", '<p>It is</p>\n<div class="math" tabindex="0">a</div>\n<p>then</p>'),
        ("- x\n  $$a$$", '<ul>\n<li>x<div class="math" tabindex="0">a</div>\n</li>\n</ul>'),
        ("> $$\n> a\n> $$", '<blockquote>\n<div class="math" tabindex="0">a</div>\n</blockquote>'),
    ],
)
def test_a_formula_is_tex_that_nothing_else_reads(markdown: str, html: str) -> None:
    assert render(markdown).strip() == html


@pytest.mark.parametrize(
    "words",
    [
        "$5 and $10",
        "from $5-$10",
        "$HOME/$USER",
        "US$5 or 7$",
        r"a \$x\$ b",
        "$ x $",
        "$$",
        "$$$$",
        "`$a$`",
        "$$ is high",
        "$$\na\n\nb\n$$",
        "    $$a$$",
    ],
)
def test_money_and_names_are_no_formulas(words: str) -> None:
    assert "math" not in render(words)


@pytest.mark.parametrize(("text", "shown"), [("1591.", "<p>1591.</p>\n"), (" 7) \n", "<p>7)</p>\n")])
def test_a_number_alone_is_no_list(text: str, shown: str) -> None:
    assert render(text) == shown
    assert "<ol" in render(f"{text.strip()} More")

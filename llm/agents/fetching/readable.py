"""The readable text of an HTML page: run as a program of its own, page on stdin, text on stdout.

A page that was made for it keeps the parser busy for minutes, so it has a process that can be killed, with
little memory and none of this site's secrets. It imports nothing of Parley.
"""

import resource
import sys

CPU_SECONDS = 8
MEMORY = 1 << 30


def main() -> None:
    """Read, extract, write."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import trafilatura  # after the limits

    page = sys.stdin.buffer.read().decode("utf-8", errors="replace")
    text = trafilatura.extract(
        page, output_format="markdown", include_links=True, with_metadata=False, favor_recall=True
    )
    sys.stdout.buffer.write((text or all_text(page)).encode(errors="replace"))


def all_text(page: str) -> str:
    """Return every word of a page that is too short or too odd to have a main part."""
    from lxml import html

    tree = html.document_fromstring(page or "<p></p>")
    for hidden in tree.xpath("//script|//style|//noscript|//template|//head"):
        hidden.drop_tree()
    return " ".join(str(tree.text_content()).split())


if __name__ == "__main__":
    main()

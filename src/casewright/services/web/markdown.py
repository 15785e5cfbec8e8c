"""Markdown of a stranger's file as harmless HTML.

Two layers: the renderer takes no HTML from the text and makes no link and no picture, so their source is
shown as it stands and nothing can be fetched; then nh3 keeps a short list of tags and no attribute but a
list's start. Both are well kept libraries; escaping by hand is how such pages get their holes. Line ends are
kept: an address is not one line.
"""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

# Beyond this the text is shown raw only: rendering is pure Python and would hold up other requests.
MAX_CHARS = 200_000
TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("em", "strong", "s", "table", "thead", "tbody", "tr", "th", "td"),
}
_HEADING_BELOW = 2  # the page's own headings are h1 and h2


def render(markdown: str) -> str:
    """HTML to be put into a page as it is. Headings begin at h3; at most ``MAX_CHARS`` are rendered."""
    tokens = _parser().parse(markdown[:MAX_CHARS])
    for token in tokens:
        _lower(token)
    made = _parser().renderer.render(tokens, _parser().options, {})
    return nh3.clean(made, tags=TAGS, attributes={"ol": {"start"}}, link_rel=None)


def _parser() -> MarkdownIt:
    off = ["link", "image", "autolink", "html_inline", "html_block", "reference"]
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    return parser.enable(["table", "strikethrough"]).disable(off)


def _lower(token: Token) -> None:
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(6, int(token.tag[1:]) + _HEADING_BELOW)}"

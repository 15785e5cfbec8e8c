"""HTML: what a browser shows, and nothing that a browser would fetch or run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casewright.api.documents import Reading
from casewright.documents.limits import DocumentLimits
from casewright.errors import CasewrightError, DocumentTooLarge
from unit.documents.making import read

TAGS = (
    "p",
    "ul",
    "ol",
    "li",
    "table",
    "tr",
    "td",
    "div",
    "b",
    "pre",
    "h2",
    "a",
    "br",
    "img",
    "q",
    "sup",
    "select",
)


def shown(folder: Path, body: str, *, head: str = "", limits: DocumentLimits | None = None) -> Reading:
    path = folder / "a.html"
    path.write_bytes(f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode())
    return read(path, limits=limits)


def test_headings_paragraphs_and_lists(tmp_path: Path) -> None:
    body = (
        "<h2>Money  due</h2>Loose <b>text</b><p>Owed&nbsp;&pound;1,240.50<br>by 14/03/2026</p>"
        "<ul><li>one<ol start=3><li>three</li><li><p>four</p><p>more</p></li></ol></li><li>two</li></ul>"
    )
    found = shown(tmp_path, body, head="<title>A &amp; B</title><meta name=author content=Jane>")
    assert found.markdown == (
        "## Money due\n\nLoose text\n\nOwed £1,240.50\nby 14/03/2026\n\n"
        "- one\n   3. three\n   4. four\n      more\n- two"
    )
    assert found.metadata == {"title": "A & B", "author": "Jane"}


def test_tables_with_spans(tmp_path: Path) -> None:
    found = shown(
        tmp_path,
        "<table><tr><th colspan=2>wide</th><th>c</th></tr><tr><td rowspan=2>tall</td><td>1<br>2"
        "</td><td>3</td></tr>"
        "<tr><td>4</td><td>5</td></tr></table>",
    )
    assert found.markdown == ("| wide |  | c |\n| --- | --- | --- |\n| tall | 1 2 | 3 |\n|  | 4 | 5 |")


def test_a_table_that_only_frames_is_none(tmp_path: Path) -> None:
    inner = "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>"
    found = shown(tmp_path, f"<table><tr><td>before{inner}after</td></tr></table>")
    assert found.markdown == "before\n\n| a | b |\n| --- | --- |\n| c | d |\n\nafter"


def test_links_show_where_they_go_as_plain_text(tmp_path: Path) -> None:
    found = shown(
        tmp_path,
        '<a href="https://x.org/pay">pay here</a> <a href="https://x.org/">x.org</a> '
        '<a href="mailto:a@b.c">a@b.c</a> '
        '<a href="javascript:alert(1)">run</a> <a href="#top">top</a>',
    )
    assert found.markdown == "pay here (https://x.org/pay) x.org a@b.c run top"


def test_what_is_hidden_run_or_fetched_is_left_out(tmp_path: Path) -> None:
    found = shown(
        tmp_path,
        "<script>alert(1)</script><style>p{}</style><template>t</template><p hidden>secret 1</p>"
        '<div style="color:red; display : none">secret 2</div><p>shown<img src="http://x/y.png" alt="z"></p>'
        '<iframe src="http://x"></iframe><svg><text>drawn</text></svg>',
    )
    assert found.markdown == "shown"
    assert found.warnings == (
        "this file has hidden text, which was left out",
        "1 picture in this file was not read",
    )


def test_preformatted_text_forms_and_notes(tmp_path: Path) -> None:
    found = shown(
        tmp_path,
        "<pre>line 1\n  line 2</pre><p><input type=checkbox checked> yes <input type=radio> no "
        "<input value='PPR-9087'></p><p>£500<sup>1</sup> x<sup>2</sup></p>",
    )
    assert found.markdown == "line 1\nline 2\n\n☒ yes ☐ no PPR-9087\n\n£500^1 x2"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<html><p>caf\u00e9 £5".encode("cp1252"), "café £5"),
        ("<html><p>caf\u00e9".encode(), "café"),
        ("<html><p>caf\u00e9".encode("utf-16"), "café"),
        (b"<html><meta charset=iso-8859-2><p>\xb1", "ą"),
        ("<html><meta charset=shift_jis><p>日本語".encode("shift_jis"), "日本語"),
        (b"<html><meta charset=no-such-thing><p>plain", "plain"),
        ("<html><meta charset=iso-8859-1><p>“é”".encode("cp1252"), "“é”"),
    ],
)
def test_encodings(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "a.html").write_bytes(content)
    assert read(tmp_path / "a.html").markdown == text


def test_xhtml_whose_scripts_close_themselves(tmp_path: Path) -> None:
    (tmp_path / "a.xhtml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml">'
        '<head><title/><script src="x.js"/></head><body><p>text&nbsp;5</p></body></html>'
    )
    assert read(tmp_path / "a.xhtml").markdown == "text 5"


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 100_000,
        "<table>" + "<tr><td colspan=1000 rowspan=1000>x</td></tr>" * 3_000 + "</table>",
        "<" * 1_100_000,
    ],
)
def test_pages_without_end_are_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(DocumentTooLarge):
        shown(tmp_path, body)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from([f"<{t}>" for t in TAGS] + [f"</{t}>" for t in TAGS]) | st.text("ab 12<&", max_size=4)
    )
)
def test_any_soup_of_tags_is_read_or_refused(tmp_path: Path, soup: list[str]) -> None:
    try:
        found = shown(tmp_path, "".join(soup))
    except CasewrightError as error:
        assert error.hint
    else:
        assert found.status in ("ok", "partial")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["p", "li", "h3", "td", "pre"]), st.integers(0, 10**9)), min_size=1)
)
def test_every_number_survives_in_order(tmp_path: Path, said: list[tuple[str, int]]) -> None:
    wrap = {"td": "<table><tr><td>{}</td></tr></table>", "li": "<ul><li>{}</li></ul>"}
    body = "".join(wrap.get(tag, f"<{tag}>{{}}</{tag}>").format(f"No{number}") for tag, number in said)
    found = shown(tmp_path, body).markdown
    assert [word for word in found.split() if word.startswith("No")] == [f"No{number}" for _, number in said]

"""The page's pure parts: Markdown made harmless, quotes in their text, lines of notes, origin and token."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewright.api.contract import Timings
from casewright.api.documents import PageOut
from casewright.api.notes import Check, ConvertResponse, LeftOut, Sentence
from casewright.api.rag import Citation
from casewright.errors import Forbidden, StorageError
from casewright.services.web import csrf
from casewright.services.web.forms import tidy
from casewright.services.web.letter_keep import Meeting
from casewright.services.web.letter_view import arrange
from casewright.services.web.markdown import MAX_CHARS, TAGS, render
from casewright.services.web.quotes import Source, read_starts, show
from casewright.services.web.viewer import show_pages

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![a](http://evil.example/a.png)",
    "[a](javascript:alert(1))",
    "[a](http://evil.example)",
    "<http://evil.example>",
    "[a]: http://evil.example\n\n[a]",
    "<svg/onload=alert(1)>",
    "```html\n<iframe src=//evil.example>\n```",
    "<!--><script>alert(1)//-->",
    '| a | b |\n|---|---|\n| <b onmouseover="x()">c</b> | d |',
    "\x00<scr\x00ipt>",
]


class Seen(HTMLParser):
    """The tags and attributes that a browser would find."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("attack", ATTACKS)
def test_rendered_markdown_has_only_harmless_tags_and_hides_nothing(attack: str) -> None:
    seen = Seen(render(attack))
    assert seen.tags <= TAGS
    assert seen.attributes == set()
    for word in re.findall(r"alert\(1\)|evil\.example|onerror|onload", attack):
        assert word in seen.words


SYNTAX = ["# h", "* a", "1. b", "> c", "\n", "~~", "**", "`", "|", "\\", "&#60;"]


@given(st.lists(st.sampled_from([*ATTACKS, *SYNTAX])))
def test_no_mixture_of_markdown_makes_another_tag(parts: list[str]) -> None:
    seen = Seen(render("".join(parts)))
    assert seen.tags <= TAGS
    assert seen.attributes <= {"start"}


def test_markdown_is_rendered() -> None:
    html = render("# Title\n\nSome **bold** text\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n3. c\n")
    for part in ("<h3>Title</h3>", "<strong>bold</strong>", "<td>2</td>", '<ol start="3">'):
        assert part in html


def test_pages_beyond_the_bound_are_raw_only() -> None:
    long = "a" * (MAX_CHARS - 10)
    pages = tuple(
        PageOut(number=n, markdown=text, start=0, end=0, method="text")
        for n, text in enumerate([long, "more than ten", ""], 1)
    )
    shown = show_pages(pages)
    assert [one.html is None for one in shown] == [False, True, True]


TEXT = " ".join(f"word{n}" for n in range(200))


def cite(quote: str, document: int = 0, page: int | None = None) -> Citation:
    start = TEXT.index(quote) if quote in TEXT else 5
    return Citation(document=document, page=page, start=start, end=start + len(quote), quote=quote, score=1)


def test_a_quote_is_shown_between_whole_words_of_its_text() -> None:
    [shown] = show((cite("word100 word101"),), [Source("a", TEXT)])
    whole = shown.before + shown.quote + shown.after
    assert shown.verbatim
    assert whole in TEXT
    assert set(whole.split()) <= set(TEXT.split())
    assert (shown.cut_before, shown.cut_after) == (True, True)
    [first] = show((cite("word0 "),), [Source("a", TEXT)])
    assert (first.before, first.cut_before) == ("", False)


@given(st.text(alphabet="ab \n\u00e9"), st.integers(0, 40), st.integers(0, 40), st.integers(-2, 3))
def test_what_is_shown_around_a_quote_is_always_a_stretch_of_the_text(
    text: str, start: int, length: int, document: int
) -> None:
    quote = text[start : start + length]
    cited = Citation(document=document, start=start, end=start + length, quote=quote, score=0)
    [shown] = show((cited,), [Source("a", text)])
    if shown.verbatim:
        assert shown.before + shown.quote + shown.after in text
    else:
        assert (shown.before, shown.after) == ("", "")


def test_a_quote_that_does_not_stand_there_is_not_passed_off() -> None:
    for wrong in (cite("nobody said this"), cite("word1 ", document=3), cite("word1 ", document=-1)):
        [shown] = show((wrong,), [Source("a", TEXT)])
        assert not shown.verbatim
        assert shown.page is None


def test_pages_of_citations() -> None:
    source = Source("a", TEXT, (0, 100, 300))
    assert [source.page_at(n) for n in (0, 99, 100, 299, 300, 900)] == [1, 1, 2, 2, 3, 3]
    assert Source("a", TEXT).page_at(5) is None
    [shown] = show((cite("word100", page=7),), [source])
    assert shown.page == 7


@pytest.mark.parametrize("text", ["", "x", "0,,1", "5,3", "-1", "0,999", "0," * 6000, "1e3", "٣", "0,1.5"])
def test_page_offsets_that_are_none(text: str) -> None:
    assert read_starts(text, 100) == ()


def test_page_offsets() -> None:
    assert read_starts("0,10,100", 100) == (0, 10, 100)


@given(st.text())
def test_tidy_text_has_one_kind_of_line_end(text: str) -> None:
    tidied = tidy(text)
    assert tidied.split("\n") == tidied.splitlines() + ([""] if not tidied or tidied[-1] == "\n" else [])
    assert tidy(tidied) == tidied


def test_notes_are_arranged_by_what_became_of_each_line() -> None:
    sentence = Sentence(text="A.", section="our_actions", facts=("f1", "f2"), lines=(1, 2), written_by="code")
    left = LeftOut(line=4, text="d", reason="private")
    answer = ConvertResponse(
        matters_discussed=(),
        our_actions=("A.",),
        your_actions=(),
        full_text="A.",
        facts=(),
        sentences=(sentence,),
        client_name="A",
        mode="extractive",
        ready_to_send=False,
        checks=(Check(name="sources", passed=True),),
        left_out=(left,),
        contradictions=(),
        unsure_lines=(2,),
        lines_total=4,
        lines_used=2,
        seal="sealed",
        timings=Timings(total_ms=1),
        request_id="r",
    )
    letter = arrange(Meeting(notes="a\nb\n\nd\ne\n\n"), answer)
    assert [line.state for line in letter.lines] == ["used", "unsure", "empty", "left", "missing"]
    assert letter.lines[3].reason == "private"
    assert [len(sentences) for _, sentences in letter.sections] == [0, 1, 0]


def test_tokens_belong_to_one_cookie_and_one_installation(tmp_path: Path) -> None:
    secret, cookie = csrf.load_secret(tmp_path), csrf.new_cookie()
    assert csrf.load_secret(tmp_path) == secret
    assert (tmp_path / csrf.SECRET_FILE).stat().st_mode & 0o777 == 0o600
    token = csrf.token_for(secret, cookie)
    csrf.check_token(secret, cookie, token)
    other = csrf.token_for(b"x" * 64, cookie)
    for held, given_token in (
        (cookie, ""),
        (cookie, token[:-1]),
        (cookie, other),
        (cookie, "\ud800é"),
        (None, token),
        ("short", csrf.token_for(secret, "short")),
        (csrf.new_cookie(), token),
    ):
        with pytest.raises(Forbidden):
            csrf.check_token(secret, held, given_token)


def test_a_damaged_secret_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / csrf.SECRET_FILE
    path.parent.mkdir(parents=True)
    path.write_text("")
    with pytest.raises(StorageError, match="damaged"):
        csrf.load_secret(tmp_path)

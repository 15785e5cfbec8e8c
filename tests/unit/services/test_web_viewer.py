"""A file's pages for people: doubtful figures marked in harmless HTML, every line with its place."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from casewright.api.documents import BlockOut, DescriptionOut, DoubtOut, PageOut, PieceOut, Reading
from casewright.services.web.markdown import TAGS
from casewright.services.web.viewer import lines_of, notes_of, show_pages
from unit.services.test_web_parts import ATTACKS, Seen


def page(text: str, doubts: tuple[tuple[int, int], ...] = (), at: int = 0, **more: Any) -> PageOut:
    return PageOut(
        number=1,
        markdown=text,
        start=at,
        end=at + len(text),
        method="ocr",
        doubts=tuple(
            DoubtOut(
                kind="amount",
                text=text[start:end],
                start=at + start,
                end=at + end,
                confidence=0.62,
            )
            for start, end in doubts
        ),
        **more,
    )


def html(
    text: str, doubts: tuple[tuple[int, int], ...] = (), document_id: str | None = None, at: int = 0
) -> str:
    (shown,) = show_pages([page(text, doubts, at)], document_id=document_id)
    return str(shown.html)


def test_a_doubt_is_marked_with_what_it_is() -> None:
    shown = html("Rent £310.00 paid", ((5, 12),))
    assert ">£310.00</mark> paid" in shown
    assert 'title="amount: OCR was 62 % sure; compare it with the page"' in shown
    assert "<a " not in shown


def test_a_doubt_of_a_kept_file_leads_to_its_place() -> None:
    shown = html("Rent £310.00 paid", ((5, 12),), 'id"><script>', at=100)
    assert 'href="/file/id%22%3E%3Cscript%3E/page/1?start=105&amp;end=112"' in shown


def test_doubts_in_a_table_and_behind_a_backslash() -> None:
    table = "| a | b |\n|---|---|\n| £1.00 | \\-£2.00 |"
    first, second = table.index("£1.00"), table.index("-£2.00")
    shown = html(table, ((first, first + 5), (second, second + 6)))
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", shown) == ["£1.00", "-£2.00"]
    assert "<td><mark" in shown.replace("\n", "")


def test_a_files_own_characters_are_not_taken_for_marks() -> None:
    shown = html("\ue000£1\ue001 and £2.00", ((8, 13),))
    assert shown.count("<mark") == 1
    assert "\ue000" not in shown


@given(
    st.lists(
        st.one_of(st.text(max_size=20), st.sampled_from([*ATTACKS, "\ue000", "\ue001", "\\", "`", "*"]))
    ),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=4),
)
def test_no_file_gets_markup_of_its_own_in_by_a_doubt(
    parts: list[str], places: list[tuple[int, int]]
) -> None:
    text = " ".join(parts)
    doubts = tuple((start, end) for start, end in places if start < end <= len(text))
    shown = html(text, doubts, "an-id")
    seen = Seen(shown)
    assert seen.tags <= TAGS | {"mark", "a"}
    assert seen.attributes <= {"start", "class", "title", "href"}
    assert shown.count("<mark") == shown.count("</mark>")


def test_descriptions_are_beside_their_page() -> None:
    said = DescriptionOut(page=1, text="A stamp.", provider="ollama", model="llava:7b")
    untold = DescriptionOut(page=1, text="", reason="it failed")
    (shown,) = show_pages([page("x")], [said, untold])
    assert shown.descriptions == (said,)


def test_lines_have_their_places_and_the_one_looked_for_is_chosen() -> None:
    text = "# Title\n\n| Rent | £310.00 |\n|---|---|\n| Fee | \\-£5 |"
    cells = [(text.index(word), text.index(word) + len(word)) for word in ("Rent", "£310.00", "Fee", "\\-£5")]
    at = 50
    about = page(
        text,
        ((cells[1][0], cells[1][1]),),
        at,
        blocks=(
            BlockOut(
                kind="heading", page=1, start=at, end=at + 7, pieces=(PieceOut(start=at + 2, end=at + 7),)
            ),
            BlockOut(
                kind="table",
                page=1,
                start=at + 9,
                end=at + len(text),
                pieces=tuple(PieceOut(start=at + start, end=at + end) for start, end in cells),
            ),
            BlockOut(kind="figure", page=1, start=at + len(text), end=at + len(text), box=(0, 0, 5, 5)),
        ),
    )
    heading, table, figure = lines_of(about, at + cells[3][0], at + cells[3][1])
    assert [bit.text for bit in heading.rows[0][0].bits] == ["Title"]
    words = [[("".join(bit.text for bit in line.bits)) for line in row] for row in table.rows]
    assert words == [["Rent", "£310.00"], ["Fee", "-£5"]]
    assert [line.chosen for row in table.rows for line in row] == [False, False, False, True]
    assert "62 %" in table.rows[0][1].bits[0].doubt
    assert (figure.kind, figure.rows) == ("figure", ())


def test_a_warning_is_shown_once() -> None:
    about = page("words", warnings=("this page is blank",))
    reading = Reading(
        status="ok",
        media_type="application/pdf",
        markdown="words",
        pages=(about,),
        page_count=1,
        method="ocr",
        warnings=("the name promises something else", "page 1: this page is blank"),
    )
    assert notes_of(reading) == ["the name promises something else"]

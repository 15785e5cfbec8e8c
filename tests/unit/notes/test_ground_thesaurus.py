"""The list of note words: what may be said for a word, in one direction and one step."""

from __future__ import annotations

from importlib import resources

from tools.note_words import entries, merged

from casewright.notes.ground_thesaurus import FILE, is_listed, told_by
from casewright.notes.ground_words import stem
from unit.notes.test_ground import said

TEXT = (resources.files("casewright.notes") / FILE).read_text(encoding="utf-8")


def test_the_list_is_in_order_and_put_together_by_the_tool() -> None:
    rows = [row for row in TEXT.splitlines() if not row.startswith("#")]
    assert len(rows) > 3_000
    assert rows == sorted(rows)
    assert merged([TEXT]) == "\n".join(rows) + "\n"


def test_lists_are_merged_by_form() -> None:
    assert merged(["bus, buses: transport\n", "bus: vehicle; - may go\n"]) == (
        "bus: transport; vehicle; - may go\nbuses: transport\n"
    )
    assert entries("lowell: - name; Company\nif: whether\n") == {"lowell": {"company"}}


def test_nothing_is_turned_round() -> None:
    assert said("You need to use transport.", "cl needs to use bus") == set()
    assert said("You need to use the bus.", "cl needs to use transport")


def test_what_is_told_for_a_word_is_not_lost() -> None:
    assert said("You are ill.", "cl is poorly") == set()
    assert said("You are well.", "cl is poorly")


def test_no_word_is_told_by_a_stronger_or_opposite_one() -> None:
    never = {
        "ask": "order agree refuse", "offer": "agree pay accept", "apply": "award receive refuse",
        "threaten": "evict", "draft": "send sign submit", "promise": "pay fix",
        "arrears": "evict bailiff ccj", "send": "receive sign", "refuse": "accept agree",
        "owe": "pay lend", "gas": "electricity", "mother": "father", "daily": "weekly",
        "week": "month", "sell": "buy", "rise": "fall", "may": "will",
    }  # fmt: skip
    for word, others in never.items():
        told = told_by(stem(word))
        found = set() if told is None else told.words & {stem(one) for one in others.split()}
        assert not found, (word, found)


def test_a_word_that_no_list_knows_may_be_said_once_where_nothing_is_lost() -> None:
    line = "adv to send appeal letter"
    assert not is_listed("boilerplate")
    context = {"section": "our_actions", "owner": "adviser"}
    assert said("We will send you a boilerplate appeal letter.", line, **context) == set()
    assert said("We will send you a boilerplate appeal letter with a gizmo.", line, **context)
    assert said("We will send you an appeal letter and a gizmo.", line, **context)
    assert said("We will send you a boilerplate letter.", line, **context)
    assert said("We will send you an angry appeal letter.", line, **context)

"""Letters drafted by a sensible model behind vLLM's API and Ollama's get through, sentence by sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from casewright.api.notes import ConvertResponse
from casewright.engines.scripted import Say, Script, Scripts
from casewright.engines.wire import ChatRequest
from casewright.services.kit.config import KitConfig
from casewright.services.llm import EngineAccess, LlmConfig
from casewright.services.notes import NotesConfig, create_app
from casewright.values import EngineSpec
from serving import served
from unit.notes.drafting import script
from unit.services.notes_served import convert
from unit.services.scripted_api import MODEL, Api, scripted_server

# Each line of three clean notes, and what a sensible model makes of it.
CASES: dict[str, dict[str, str]] = {
    "debt": {
        "cl owes Harrow Council £1,284": "You owe Harrow Council £1,284.",
        "cl has not signed an agreement": "You have not signed an agreement.",
        "cl to send payslips by 14 March": "You need to send your payslips by 14 March.",
        "cl to not pay Brightloan": "You must not pay Brightloan.",
        "I will call Brightloan, ref BL-20931": "We will call Brightloan about the reference BL-20931.",
    },
    "housing": {
        "LL served s21 notice on 3 March": "The landlord served a section 21 notice on 3 March.",
        "cl lives with 2 children": "You live with your two children.",
        "cl to keep paying rent £450 pcm": "You need to keep paying the rent of £450 a month.",
        "I will write to LL re repairs": "We will write to the landlord about the repairs.",
    },
    "benefits": {
        "DWP stopped PIP on 2 May": "The DWP stopped your PIP on 2 May.",
        "told cl about mandatory reconsideration": "We told you about mandatory reconsideration.",
        "cl to fill in form PIP2 by 9 June": "You need to fill in the form PIP2 by 9 June.",
        "I will not contact DWP": "We will not contact the DWP.",
    },
}
APIS: tuple[Api, ...] = ("vllm", "ollama")


def talking(drafts: Scripts) -> Scripts:
    """The same with a word for whoever asks whether the model is there."""

    def answer(request: ChatRequest) -> Script:
        if request.json_schema is None:
            return Script((Say("ok"),))
        return drafts(request) if callable(drafts) else drafts

    return answer


def converted(data_dir: Path, api: Api, case: str, drafts: Scripts) -> ConvertResponse:
    """The letter of a case by a model behind that API."""
    with scripted_server(api, talking(drafts)) as engine:
        spec = EngineSpec(text=api, kind=api, url=engine, model=MODEL)
        llm = LlmConfig(data_dir, {api: EngineAccess(spec)}, from_environment=api, fresh_s=60.0)
        with served(create_app(NotesConfig(KitConfig(name="notes", data_dir=data_dir), llm))) as url:
            return convert(url, notes="\n".join(CASES[case]), strategy="structured")


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("case", CASES)
def test_a_sensible_draft_is_the_letter_and_ready(tmp_path: Path, api: Api, case: str) -> None:
    answer = converted(tmp_path, api, case, script(sentences=CASES[case]))
    assert (answer.rejected, answer.warnings) == ((), ())
    assert [said.text for said in answer.sentences] == list(CASES[case].values())
    assert [check for check in answer.checks if not check.passed] == []
    assert (answer.mode, answer.ready_to_send) == ("drafted", True)
    assert (answer.provider, answer.model, answer.answered_by) == (api, MODEL, "model")
    assert answer.usage is not None


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("case", "before", "after"),
    [
        ("debt", "£1,284", "£1,248"),
        ("debt", "You must not pay", "You need to pay"),
        ("housing", "3 March", "8 March"),
        ("benefits", "the form PIP2", "the form PIP2 with your sister"),
    ],
    ids=["amount", "negation", "date", "somebody"],
)
def test_a_bad_sentence_is_replaced_and_the_good_ones_stay(
    tmp_path: Path, api: Api, case: str, before: str, after: str
) -> None:
    def lie(_line: str, text: str) -> str:
        return text.replace(before, after)

    (good,) = (text for text in CASES[case].values() if before in text)
    answer = converted(tmp_path, api, case, script(lie, sentences=CASES[case]))
    assert [said.text for said in answer.rejected] == [good.replace(before, after)]
    assert after not in answer.full_text
    kept = [said.text for said in answer.sentences if said.written_by == "model"]
    assert kept == [text for text in CASES[case].values() if text != good]
    assert (answer.mode, answer.ready_to_send, answer.lines_used) == ("mixed", True, len(CASES[case]))


@pytest.mark.parametrize("api", APIS)
def test_a_model_that_only_counts_has_no_part_in_the_letter(tmp_path: Path, api: Api) -> None:
    counting = Script((Say('{"facts": [{"lines": [1, 2, 3, '),), reason="length")
    answer = converted(tmp_path, api, "debt", lambda _request: counting)
    assert (answer.mode, answer.ready_to_send, answer.lines_used) == ("extractive", False, 5)
    assert "the model's answer had no end for some of the lines" in answer.warnings

"""The language of a text: told where words tell, None where they do not, and never an exception."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from casewright.documents.language import MIN_LETTERS, language_of

ENGLISH = (
    "You have been served with a notice seeking possession of your home. Please bring the letter, your "
    "tenancy agreement and any bank statements to the appointment on Tuesday."
)
WELSH = (
    "Rydych wedi derbyn hysbysiad yn ceisio meddiant o'ch cartref. Dewch â'r llythyr, eich cytundeb "
    "tenantiaeth ac unrhyw ddatganiadau banc i'r apwyntiad ddydd Mawrth."
)
POLISH = (
    "Otrzymał Pan zawiadomienie o żądaniu opróżnienia mieszkania. Proszę przynieść pismo, umowę najmu i "
    "wyciągi bankowe na spotkanie we wtorek."
)
TEXTS = {
    "en": ENGLISH,
    "cy": WELSH,
    "pl": POLISH,
    "de": "Bitte bringen Sie den Brief, Ihren Mietvertrag und alle Kontoauszüge am Dienstag mit.",
    "ro": "Vă rugăm să aduceți scrisoarea, contractul de închiriere și extrasele de cont marți.",
    "so": "Fadlan warqadda, heshiiskaaga kirada iyo warbixinnada bangiga u keen ballanta Talaadada.",
    "ur": "براہ کرم خط، کرایہ داری کا معاہدہ اور بینک کے بیانات منگل کی ملاقات پر لائیں۔",
    "ar": "يرجى إحضار الرسالة وعقد الإيجار وكشوف الحساب المصرفي إلى الموعد يوم الثلاثاء.",
    "uk": "Будь ласка, принесіть лист, договір оренди та банківські виписки на зустріч у вівторок.",
    "zh": "您已收到要求收回住房的通知。请带上信件、租赁合同和银行对账单参加星期二的会面。",
}


@pytest.mark.parametrize("code", TEXTS)
def test_languages_that_clients_write_in(code: str) -> None:
    assert language_of(TEXTS[code]) == code


def test_a_statement_is_told_by_its_words_and_not_by_its_figures() -> None:
    head = "| Date | Description | Paid out | Paid in | Balance |\n| --- | --- | --- | --- | --- |\n"
    row = "| 14/03/2026 | Standing order Northgate Housing Association | 1,240.50 | | -£3.07 |\n"
    assert language_of(head + row) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ENGLISH[: MIN_LETTERS // 2],
        "| 14/03/2026 | 1,240.50 | £3.07 |\n" * 500,
        "John Smith Anna Kowalska Mohammed Hussain Dilwyn Pritchard Siân Evans Jean Dupont",
        "asdf qwer zxcv uiop hjkl bnmv tyui ghjk wert sdfg xcvb yuio hgfd",
        "GBP EUR USD PLN CHF NZD AUD GBP EUR USD VAT IBAN BIC SWIFT GBP EUR USD PLN",
        "jane.smith@northgate.example https://northgate.example/letters/of/the/tenant/who/pays/the/rent",
    ],
)
def test_what_is_in_no_language_has_none(text: str) -> None:
    assert language_of(text) is None


def test_a_letter_in_two_languages_has_no_one_language() -> None:
    assert language_of(ENGLISH + "\n\n" + WELSH) is None


def test_a_long_text_is_looked_at_in_its_middle_and_end_too() -> None:
    other = "\n".join([POLISH] * 300)
    assert language_of(ENGLISH + "\n" + other + "\n" + other) == "pl"


@settings(deadline=None, max_examples=300)
@given(st.text(st.characters(), max_size=400))
@example("\ud800\ufffe\U0001ffff\x00\x07" * 40 + ENGLISH)
def test_no_text_makes_it_fail(text: str) -> None:
    found = language_of(text)
    assert found is None or (len(found) == 2 and found.isascii() and found.islower())


def test_the_detector_is_loaded_only_when_asked() -> None:
    code = (
        "import sys; from casewright.documents.language import language_of; "
        "assert 'pycld2' not in sys.modules; language_of('12 34'); assert 'pycld2' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr

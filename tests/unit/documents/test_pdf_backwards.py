"""Text that is read from right to left."""

from __future__ import annotations

import numpy as np

from casewright.documents.pdf.backwards import as_read, has_right_to_left, reversed_line

READ = "دفع 1,240.50 قبل 31/03/2026 (عاجل)"
SEEN = "(لجاع) 31/03/2026 لبق 1,240.50 عفد"


def test_a_line_as_it_stands_is_turned_and_its_figures_stay_whole() -> None:
    assert reversed_line(SEEN) == READ
    assert reversed_line("PPR-9087/B עיבר") == "רביע PPR-9087/B"


def test_characters_in_the_order_of_their_places_are_turned_and_others_left() -> None:
    letters = SEEN.replace(" ", "")
    xs = [10.0 * at for at, char in enumerate(SEEN) if char != " "]
    boxes = np.array([[x, 0, x + 9, 12] for x in xs])
    assert as_read(letters, boxes) == READ
    assert as_read(letters[::-1], boxes[::-1]) is None
    assert as_read("plain", boxes[:5]) is None
    assert has_right_to_left(READ)
    assert not has_right_to_left("é 12")

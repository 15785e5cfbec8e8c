"""Make test collections for search out of documentation of others: a heading asks for the text under it.

Nothing of it is kept in the repository. Get Debian's packages, unpack them, and make the sets::

    apt-get download perl-doc python3.11-doc debian-faq zsh-doc fetchmail manpages manpages-dev git-man \
        coreutils postgresql-doc-15 libreoffice-help-en-us gimp-help-en gnucash-docs sqlite3-doc
    for each of them: dpkg -x FILE.deb TREE
    python benchmarks/retrieval_sets.py TREE SETS

A set is a folder with corpus.jsonl, queries.jsonl and qrels.tsv in BEIR's format. Headings that come twice
and texts of under 80 characters are left out; a text is cut at 6,000 characters.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lxml import html  # type: ignore[import-untyped]

Pair = tuple[str, str]

SHORTEST, LONGEST = 80, 6_000
NOT_TEXT = (
    '//nav|//script|//style|//div[contains(@class,"sphinxsidebar")]|//div[contains(@class,"related")]'
    '|//div[contains(@class,"navheader")]|//div[contains(@class,"navfooter")]|//div[contains(@class,"toc")]'
    '|//div[@class="nav-panel"]'
)
HEADINGS = {"h1", "h2", "h3", "h4", "h5"}
BREAKS = {"p", "div", "li", "pre", "dt", "dd", "br", "td", "tr"}
NUMBERING = re.compile(r"^(?:Chapter\s+)?[A-Z]?[\d.]+\s+|^\d+(?:\.\d+)*[.:)]\s*")
DOC = "usr/share/doc/"
LIBREOFFICE = "usr/share/libreoffice/help/en-US/text/"
# name: files, how many queries, how many documents at most, fewest words of a heading
HTML_SETS: dict[str, tuple[tuple[str, ...], int, int, int]] = {
    "faqs": (
        (
            f"{DOC}python3.11/html/faq/*.html",
            f"{DOC}debian/FAQ/*.en.html",
            f"{DOC}zsh-common/html/FAQ*.html",
            f"{DOC}fetchmail/fetchmail-FAQ.html",
        ),
        400,
        900,
        3,
    ),
    "postgres": ((f"{DOC}postgresql-doc-15/html/*.html",), 300, 900, 2),
    "office": ((f"{LIBREOFFICE}s*/guide/*.html", f"{LIBREOFFICE}s*/01/*.html"), 300, 800, 2),
    "gnucash": ((f"{DOC}gnucash-docs/gnucash-*-en/*.html",), 300, 800, 2),
    "gimp": (("usr/share/gimp/2.0/help/en/*.html",), 300, 800, 2),
    "sqlite": ((f"{DOC}sqlite3/*.html",), 300, 800, 3),
}


def main() -> None:
    """Make every set whose packages are in the tree."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tree", type=Path, help="where the packages were unpacked")
    parser.add_argument("sets", type=Path, help="where the sets go")
    words = parser.parse_args()
    for name, (globs, queries, documents, shortest) in HTML_SETS.items():
        pairs = [pair for glob in globs for path in sorted(words.tree.glob(glob)) for pair in sections(path)]
        write(words.sets / name, pairs, queries, documents, shortest)
    pods = sorted(words.tree.glob("usr/share/perl/*/pod/perlfaq?.pod"))
    write(words.sets / "perlfaq", [pair for path in pods for pair in pod(path)], 300, 900, 2)
    pages = sorted(words.tree.glob("usr/share/man/man[12378]/*.gz"))
    write(words.sets / "manpages", [pair for path in pages for pair in manual(path)], 300, 900, 3)


def sections(path: Path) -> Iterator[Pair]:
    """The headings of an HTML page, each with the text up to the next."""
    body = html.parse(str(path), html.HTMLParser(encoding="utf-8")).getroot()
    if body is None:
        return
    for other in body.xpath(NOT_TEXT):
        if other.getparent() is not None:
            other.drop_tree()
    heading = ""
    held: list[str] = []
    for kind, text in _walk(body):
        if kind == "heading":
            if heading:
                yield heading, plain(" ".join(held))
            heading, held = NUMBERING.sub("", plain(text).replace("¶", "")).strip(), []
        else:
            held.append(text)
    if heading:
        yield heading, plain(" ".join(held))


def _walk(node: html.HtmlElement) -> Iterator[tuple[str, str]]:
    if node.tag in HEADINGS:
        yield "heading", node.text_content()
    elif isinstance(node.tag, str):
        yield "text", node.text or ""
        for child in node:
            yield from _walk(child)
        if node.tag in BREAKS:
            yield "text", " "
    yield "text", node.tail or ""


def pod(path: Path) -> Iterator[Pair]:
    """The questions of a Perl FAQ with their answers."""
    for part in re.split(r"^=head2 ", path.read_text(encoding="utf-8", errors="replace"), flags=re.MULTILINE)[
        1:
    ]:
        heading, _, body = part.partition("\n")
        body = re.split(r"^=head1 ", body, flags=re.MULTILINE)[0]
        yield _unmarked(heading), _unmarked(re.sub(r"^=\w+.*$", "", body, flags=re.MULTILINE))


def _unmarked(text: str) -> str:
    text = re.sub(r"X<[^>]*>", "", text)
    for _ in range(2):
        text = re.sub(r"[A-Z]<+\s?([^<>]*?)\s?>+", r"\1", text)
    return plain(text)


def manual(path: Path) -> Iterator[Pair]:
    """What a manual page says of itself in a line, and its description."""
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        parts = dict(
            re.findall(r'^\.SH "?([^"\n]*?)"?\s*\n(.*?)(?=^\.SH|\Z)', file.read(), re.MULTILINE | re.DOTALL)
        )
    name = _unformatted(parts.get("NAME", ""))
    if " - " in name and "DESCRIPTION" in parts:
        yield name.split(" - ", 1)[1], _unformatted(parts["DESCRIPTION"])


def _unformatted(text: str) -> str:
    text = (
        re.sub(r"\\f\(..|\\f\[[^\]]*\]|\\f.|\\&|\\s[+-]?\d", "", text)
        .replace("\\-", "-")
        .replace("\\e", "\\")
    )
    text = re.sub(
        r"^\.(?:B|I|BR|IR|BI|IB|RB|RI|SM)\s+(.*)$",
        lambda found: found[1].replace('"', ""),
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(r"^[.'].*$", "", text, flags=re.MULTILINE)
    return plain(re.sub(r"\\\(..|\\\[[^\]]*\]|\\ ", " ", text))


def plain(text: str) -> str:
    """Text with single spaces."""
    return " ".join(text.split())


def write(folder: Path, pairs: Iterable[Pair], queries: int, documents: int, shortest: int) -> None:
    """A set out of pairs of a heading and its text, in an order that is the same every time."""
    texts: dict[str, Pair] = {}
    twice: set[str] = set()
    for heading, text in pairs:
        if len(text) >= SHORTEST and len(heading.split()) >= shortest:
            key = heading.casefold()
            twice.update({key} & texts.keys())
            texts[key] = (heading, text[:LONGEST])
    different = {text[:200]: (heading, text) for key, (heading, text) in texts.items() if key not in twice}
    chosen = sorted(different.values())
    if not chosen:
        print(f"{folder.name}: its packages are not there")
        return
    random.Random(1).shuffle(chosen)
    folder.mkdir(parents=True, exist_ok=True)
    chosen = chosen[:documents]
    asked = chosen[:queries]
    _lines(
        folder / "corpus.jsonl",
        ({"_id": f"d{n}", "title": "", "text": text} for n, (_, text) in enumerate(chosen)),
    )
    _lines(
        folder / "queries.jsonl", ({"_id": f"q{n}", "text": heading} for n, (heading, _) in enumerate(asked))
    )
    rows = "".join(f"q{n}\td{n}\t1\n" for n in range(len(asked)))
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows, encoding="utf-8")
    print(f"{folder.name}: {len(asked)} queries, {len(chosen)} documents")


def _lines(path: Path, records: Iterable[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


if __name__ == "__main__":
    main()

"""What a crash leaves, mended at the next start: the texts are the truth, everything else follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casewright.errors import CasewrightError, IndexUnavailable
from casewright.knowledge.store.opened import GONE, OpenCase, label_of, remove_folder
from casewright.knowledge.store.vectors import drop_collections

if TYPE_CHECKING:
    from casewright.knowledge.store.library import Library


def recover(library: Library) -> list[str]:
    """Mend every case that somebody was writing to, and go on with erasures; what was done, in words."""
    told: list[str] = []
    places = library.catalogue.places()
    told += _strays(library, {uuid for _, uuid, _, _ in places})
    for name, uuid, generation, dirty in places:
        if dirty:
            told += _generations(library, uuid, generation)
            told += [f"case {uuid}: {what}" for what in settle(library, library.opened(name))]
            library.catalogue.mark(uuid, dirty=False)
    if library.erased.all(pending=True):
        library.retry_erasures()
    return told


def settle(library: Library, case: OpenCase) -> list[str]:
    """Bring one case's stores to agree; what was done, in words."""
    told: list[str] = []
    with case.writing:
        unshown = case.writer.discard_unshown()
        if unshown:
            told.append(f"{unshown} versions that were not published are removed")
        found = case.index.facts()
        gone = library.erased.gone(case.uuid)
        for document in library.catalogue.strangers(case.uuid, list(found)):
            if document in gone:
                case.writer.erase(document)
                del found[document]
                told.append(f"document {document} was to be erased: it is removed")
            else:
                version, source = case.index.source(document)
                library.catalogue.adopt(case.uuid, document, version, source, found[document][3])
                told.append(f"document {document} was in no catalogue: it is taken up")
        told += library.catalogue.settle(case.uuid, found)
        try:
            wrong = case.builder.check()
            if wrong:
                told.append(f"{wrong}: it is made again")
                case.builder.leave()
            case.builder.drop_leftovers()
        except IndexUnavailable as error:
            told.append(f"Chroma could not be looked at: {error.message}")
        case.writer.finish_scrub()
    return told


def _strays(library: Library, known: set[str]) -> list[str]:
    """Folders of cases that were deleted and are not quite gone. Others' are left: see ``strays``."""
    told = []
    gone = library.erased.gone()
    for name in strays(library, known):
        if name in gone:
            remove_folder(library.shared.root / name, library.shared.chroma)
            told.append(f"the folder of a case that was deleted is removed: {name}")
        else:
            told.append(f"{library.shared.root / name} is of no case in the catalogue, and is left")
    return told


def strays(library: Library, known: set[str]) -> list[str]:
    """Names of folders that are of none of these cases."""
    root = library.shared.root
    places = root.iterdir() if root.is_dir() else iter(())
    return sorted({place.name.removeprefix(GONE) for place in places} - known)


def _generations(library: Library, uuid: str, current: int) -> list[str]:
    """Indexes that were being made beside, or were swapped out."""
    told = []
    root = library.shared.root / uuid
    for place in sorted(root.iterdir()) if root.is_dir() else ():
        name = place.name.removeprefix(GONE)
        if place.name.startswith(GONE) or name != str(current):
            remove_folder(place.with_name(name), library.shared.chroma)
            told.append(f"case {uuid}: an index that is not in use was removed")
            if library.shared.chroma.server is not None and name.isdecimal():
                try:
                    drop_collections(library.shared.chroma, label_of(uuid, int(name)))
                except CasewrightError as error:
                    told.append(f"case {uuid}: {error.message}")
    return told

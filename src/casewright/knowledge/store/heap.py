"""Freed memory overwritten, so that nothing of it comes into a file of Chroma's.

Chroma's index (hnswlib) writes its whole buffer to disk, with the room that no vector fills yet. That room is
what the allocator gave it: often memory that held another index before, with vectors that were deleted since,
or another case's. In eight of forty trials a deleted vector was in a file that was made after its deletion.
The C library can overwrite what is freed; that is asked of it here, for the whole process.
"""

from __future__ import annotations

import ctypes

# glibc's malloc.h; any byte but 0.
_M_PERTURB, _BYTE = -6, 0xA5


def overwrite_freed() -> bool:
    """Have freed memory overwritten from now on; False where the C library cannot (it is not glibc)."""
    try:
        library = ctypes.CDLL(None)
        # only glibc has it: elsewhere the number could mean something else
        _ = library.gnu_get_libc_version
        return bool(library.mallopt(_M_PERTURB, _BYTE) == 1)
    except (AttributeError, OSError):
        return False

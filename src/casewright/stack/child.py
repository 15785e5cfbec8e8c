"""``python -m casewright.stack.child RECORD [NAME=VALUE…] -- COMMAND…``: record this process, become COMMAND.

The command keeps our pid and start time, so the record names it; that is how a process is found again when
its supervisor is gone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from casewright.stack.records import write_own_record


def main(arguments: list[str]) -> None:
    """Does not return: the process is COMMAND afterwards."""
    cut = arguments.index("--")
    path, settings, command = Path(arguments[0]), arguments[1:cut], arguments[cut + 1 :]
    for setting in settings:
        name, _, value = setting.partition("=")
        os.environ[name] = value
    # what a process of the stack writes is for its owner alone, also what is not ours
    os.umask(0o077)
    write_own_record(path, path.stem)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])

"""``python -m casewright``: the same command line as ``casewright``."""

from casewright.cli.main import main

if __name__ == "__main__":
    main()

"""``python -m stillscan``: the command of the same name."""

import sys

from stillscan.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""Run the command `lenet`, for `python -m lenet`."""

import sys

from lenet.cli.main import entry

sys.exit(entry())

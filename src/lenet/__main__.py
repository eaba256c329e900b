"""`python -m lenet` is the command `lenet`."""

import sys

from lenet.cli import main

sys.exit(main())

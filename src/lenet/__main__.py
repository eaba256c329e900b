"""`python -m lenet` is the command `lenet`."""

import sys

from lenet.cli.main import main

sys.exit(main())

"""What holds for all tests."""

import os

os.environ.setdefault("GTFSGEN_ALLOW_PRIVATE", "1")  # servers of tests are on this machine

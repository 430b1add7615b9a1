"""Say in one line what is missing before the set-up begins."""

import importlib.util
import sys

if sys.version_info < (3, 11):  # noqa: UP036 — the one place that runs under any Python
    sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Try: make PYTHON=python3.11 …")
if importlib.util.find_spec("ensurepip") is None:
    sys.exit("Python's venv module is incomplete. Type: sudo apt-get install python3-venv")

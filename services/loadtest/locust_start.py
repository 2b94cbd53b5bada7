"""Start Locust's side before anything opens a socket: `locust_start master`, `locust_start worker HOST PORT`.

Importing Locust makes sockets and threads cooperative, which only works when it comes first.
"""

import importlib
import os
import sys

from services.loadtest.pipes import say

MISSING = 'Locust is not installed here: python -m pip install "locust>=2.40,<3"'


def main() -> int:
    """Return the exit code of the part that is named."""
    part = sys.argv[1]
    try:
        importlib.import_module("locust")
    except ImportError:
        if part == "master":
            say({"failed": MISSING})
        else:
            sys.stderr.write(MISSING + "\n")
        return 2
    module = importlib.import_module(f"services.loadtest.locust_{part}")
    return int(module.main(sys.argv[2:]))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # a native thread may still read the console's pipe

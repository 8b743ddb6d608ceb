"""The program that a worker process runs: python3 cocaine_worker/__main__.py <language> <file>.

Older interpreters must be able to read this file, so that they say what is wrong instead of a syntax error.
"""

import os
import sys

OLDEST = (3, 9)


def start():
    if sys.version_info < OLDEST:
        sys.exit(
            "Cocaine needs Python %d.%d or later, and %s is Python %d.%d: install a later one, or name it in the PATH"
            " of the manifest's env" % (OLDEST + (sys.executable,) + tuple(sys.version_info[:2]))
        )
    # A script's own folder is searched first, and would offer the kit's modules to the app under their bare names.
    kit = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if folder != kit]
    sys.path.insert(0, os.path.dirname(kit))
    # Found by the app's code from now on.
    import cocaine
    from cocaine_worker.main import main

    del sys.path[0]
    main(*sys.argv[1:])


if __name__ == "__main__":
    start()

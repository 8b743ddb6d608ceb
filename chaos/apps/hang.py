"""Hangs, hears nothing, and has children that do not listen either: one in its process group, one in a session of its own."""

import signal
import subprocess

DEAF = ["sh", "-c", "trap '' TERM INT HUP; while :; do sleep 1000; done"]


def event(request):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(DEAF)
    subprocess.Popen(DEAF, start_new_session=True)
    while True:
        pass

"""The life of an ASGI application: what it does before its first request and after its last."""

import asyncio
import sys

from .errors import StartupFailed, stack_of
from .scope import VERSIONS

# Seconds that an application may take to shut down.
SHUTDOWN_LIMIT = 5


class Lifespan:
    def __init__(self, application):
        self._application = application
        self._task = None
        self._events = None
        self._answer = None
        # What the application keeps for its requests; `None` if it has no lifespan.
        self.state = None

    async def startup(self):
        """:raises StartupFailed: if the application says so."""
        state = {}
        self._events = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": VERSIONS, "state": state}
        self._task = asyncio.ensure_future(self._application(scope, self._events.get, self._send))
        message = await self._say("lifespan.startup")
        if message is None:
            # An application that raises on this scope has no lifespan.
            self._task.cancelled() or self._task.exception()
            return
        if message["type"] == "lifespan.startup.failed":
            raise StartupFailed(message.get("message", "") or "the application says that its start failed")
        self.state = state

    async def shutdown(self):
        if self.state is None or self._task.done():
            return
        try:
            message = await asyncio.wait_for(self._say("lifespan.shutdown"), SHUTDOWN_LIMIT)
        except asyncio.TimeoutError:
            sys.stderr.write(f"the application did not shut down within {SHUTDOWN_LIMIT} seconds\n")
            return
        if message is None and self._task.exception() is not None:
            sys.stderr.write(stack_of(self._task.exception()))
        elif message is not None and message["type"] == "lifespan.shutdown.failed":
            sys.stderr.write(f"the application's shutdown failed: {message.get('message', '')}\n")

    async def _say(self, kind):
        """The application's answer; `None` if it ended without one."""
        self._answer = asyncio.get_running_loop().create_future()
        self._events.put_nowait({"type": kind})
        await asyncio.wait([self._answer, self._task], return_when=asyncio.FIRST_COMPLETED)
        return self._answer.result() if self._answer.done() else None

    async def _send(self, message):
        if not self._answer.done():
            self._answer.set_result(message)

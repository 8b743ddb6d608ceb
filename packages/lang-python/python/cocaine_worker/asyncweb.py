"""The language `python+asgi`: web tasks run an ASGI callable, the others functions."""

import asyncio

from .asgi import Exchange
from .chunks import Plain
from .functions import Functions
from .head import Known
from .lifespan import Lifespan
from .methods import own_names
from .scope import scope_of, websocket_scope_of
from .web import callable_of
from .websocket import WebSocket

# Seconds from `http.disconnect` until code that goes on is cancelled.
DISCONNECT_GRACE = 1


def make_async_web(module, methods):
    application = callable_of(module, methods, "ASGI callable: python+asgi")
    return AsyncWeb(application, methods, own_names(module, methods))


class AsyncWeb(Functions):
    concurrent = True

    def __init__(self, application, methods, names):
        super().__init__(methods, names, Plain())
        self._application = application
        self._lifespan = Lifespan(application)
        self._known = Known()

    async def startup(self):
        await self._lifespan.startup()

    async def shutdown(self):
        await self._lifespan.shutdown()

    def is_async(self, job):
        return self._is_web(job) or super().is_async(job)

    def canceller(self, job, task):
        if not self._is_web(job):
            return task.cancel
        return lambda: asyncio.get_running_loop().call_later(DISCONNECT_GRACE, task.cancel)

    async def serve(self, job):
        if job.describes("websocket"):
            socket = WebSocket(job, self._known)
            await self._application(websocket_scope_of(job, self._lifespan.state), socket.receive, socket.send)
            await socket.end()
            return
        if not job.describes("http"):
            await super().serve(job)
            return
        scope = scope_of(job, self._lifespan.state)
        exchange = Exchange(job, scope["method"], self._known)
        await self._application(scope, exchange.receive, exchange.send)
        exchange.require_complete()

    def _is_web(self, job):
        return job.describes("http") or job.describes("websocket")

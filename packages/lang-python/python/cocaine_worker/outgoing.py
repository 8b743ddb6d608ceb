"""Sends a response from a coroutine, which waits for credit without holding up others."""

from .protocol import FRAME_LIMIT


async def send(job, data):
    """Sends a chunk. May raise `Cancelled`."""
    for start in range(0, len(data), FRAME_LIMIT):
        await _writable(job)
        job.response.write(data if len(data) <= FRAME_LIMIT else data[start : start + FRAME_LIMIT])


async def finish(job, data=b"", first=b""):
    """Sends the last chunk, and the end with it.

    :param first: a chunk to go before it.
    """
    if len(data) > FRAME_LIMIT:
        await send(job, first)
        await send(job, data)
        first = data = b""
    await _writable(job)
    job.response.end(data, first=first)


async def _writable(job):
    job.check()
    while not job.response.is_open:
        await job.runner.readable()
        job.check()

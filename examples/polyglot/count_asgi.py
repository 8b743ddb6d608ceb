"""Counts words: an ASGI application, for python+asgi."""

import json


async def application(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    words = body.decode().split()
    answer = {"language": "Python, asynchronous", "words": len(words), "longest": max(words, key=len, default="")}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

"""Counts words: a WSGI application, for python+wsgi."""

import json


def application(environ, start_response):
    words = environ["wsgi.input"].read().decode().split()
    answer = {"language": "Python", "words": len(words), "longest": max(words, key=len, default="")}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]

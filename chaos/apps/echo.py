def event(request):
    return request


def web(request):
    return b"hello, world\n"

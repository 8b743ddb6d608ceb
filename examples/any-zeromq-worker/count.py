def count(request):
    yield str(len(request.split())).encode()

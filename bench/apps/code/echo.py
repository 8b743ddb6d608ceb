def event(request):
    return request

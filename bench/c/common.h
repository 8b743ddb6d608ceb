/* What the servers and the worker share. */
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

static inline void check(int result, const char *what)
{
    if (result != -1)
        return;
    fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

/* Prints the endpoint that a bound socket got. */
static inline void announce(void *socket)
{
    char endpoint[256];
    size_t length = sizeof endpoint;

    check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &length), "last endpoint");
    puts(endpoint);
    fflush(stdout);
}

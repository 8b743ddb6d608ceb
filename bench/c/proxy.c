/* zmq_proxy() between clients and workers: proxy frontend backend */
#include "common.h"

int main(int argc, char **argv)
{
    void *context = zmq_ctx_new();
    void *frontend = zmq_socket(context, ZMQ_ROUTER);
    void *backend = zmq_socket(context, ZMQ_DEALER);

    if (argc != 3)
        return 2;
    check(zmq_bind(backend, argv[2]), "bind the backend");
    check(zmq_bind(frontend, argv[1]), "bind the frontend");
    announce(frontend);
    return zmq_proxy(frontend, backend, NULL) == 0 ? 0 : 1;
}

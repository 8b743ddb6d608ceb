/* A ROUTER that sends back what it gets: echo endpoint */
#include "common.h"

int main(int argc, char **argv)
{
    void *context = zmq_ctx_new();
    void *router = zmq_socket(context, ZMQ_ROUTER);

    if (argc != 2)
        return 2;
    check(zmq_bind(router, argv[1]), "bind");
    announce(router);
    for (;;) {
        zmq_msg_t frame;

        zmq_msg_init(&frame);
        check(zmq_msg_recv(&frame, router, 0), "receive");
        check(zmq_msg_send(&frame, router, zmq_msg_more(&frame) ? ZMQ_SNDMORE : 0), "send");
    }
}

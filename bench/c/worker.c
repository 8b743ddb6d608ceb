/* An echo worker behind the proxy: worker endpoint */
#include "common.h"

int main(int argc, char **argv)
{
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_REP);

    if (argc != 2)
        return 2;
    check(zmq_connect(socket, argv[1]), "connect");
    for (;;) {
        zmq_msg_t frame;

        zmq_msg_init(&frame);
        check(zmq_msg_recv(&frame, socket, 0), "receive");
        check(zmq_msg_send(&frame, socket, zmq_msg_more(&frame) ? ZMQ_SNDMORE : 0), "send");
    }
}

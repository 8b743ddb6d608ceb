/*
 * Sends messages to an echo, so many in flight, checks every reply, and prints how long it took as JSON.
 *
 *   client endpoint messages window size [--delimiter] [--warmup n]
 *
 * Each message begins with its number, so that each is known to have come back once, whatever the order.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

static void *dealer;
static int delimiter;
static size_t size;
static char *payload;
static char *seen;

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void check(int result, const char *what)
{
    if (result != -1)
        return;
    fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void send_one(uint64_t number)
{
    if (delimiter)
        check(zmq_send(dealer, "", 0, ZMQ_SNDMORE), "send");
    memcpy(payload, &number, sizeof number);
    check(zmq_send(dealer, payload, size, 0), "send");
}

static void receive_one(uint64_t messages)
{
    zmq_msg_t frame;
    uint64_t number;

    zmq_msg_init(&frame);
    if (delimiter) {
        check(zmq_msg_recv(&frame, dealer, 0), "no reply in time");
        if (zmq_msg_size(&frame) != 0 || !zmq_msg_more(&frame))
            fail("a reply without its delimiter");
    }
    check(zmq_msg_recv(&frame, dealer, 0), "no reply in time");
    if (zmq_msg_more(&frame)) {
        check(zmq_msg_recv(&frame, dealer, 0), "receive");
        fprintf(stderr, "%.*s\n", (int) zmq_msg_size(&frame), (char *) zmq_msg_data(&frame));
        fail("a reply of more than one frame");
    }
    if (zmq_msg_size(&frame) != size)
        fail("a reply of another size");
    memcpy(&number, zmq_msg_data(&frame), sizeof number);
    if (number >= messages || seen[number])
        fail("a reply to nothing, or a second one");
    if (memcmp((char *) zmq_msg_data(&frame) + sizeof number, payload + sizeof number, size - sizeof number) != 0)
        fail("a reply that is not what was sent");
    seen[number] = 1;
    zmq_msg_close(&frame);
}

static double run(uint64_t messages, uint64_t window)
{
    uint64_t sent = 0, received;
    double start = now();

    memset(seen, 0, messages);
    for (received = 0; received < messages; received++) {
        for (; sent < messages && sent - received < window; sent++)
            send_one(sent);
        receive_one(messages);
    }
    return now() - start;
}

int main(int argc, char **argv)
{
    uint64_t messages, window, warmup = 0;
    int timeout = 20000, linger = 0, major, minor, patch, at;
    double seconds;
    void *context;

    if (argc < 5)
        fail("client endpoint messages window size [--delimiter] [--warmup n]");
    messages = strtoull(argv[2], NULL, 10);
    window = strtoull(argv[3], NULL, 10);
    size = strtoull(argv[4], NULL, 10);
    for (at = 5; at < argc; at++) {
        if (strcmp(argv[at], "--delimiter") == 0)
            delimiter = 1;
        else if (strcmp(argv[at], "--warmup") == 0 && at + 1 < argc)
            warmup = strtoull(argv[++at], NULL, 10);
        else
            fail("unknown argument");
    }
    if (messages == 0 || window == 0 || size < sizeof(uint64_t))
        fail("messages and window are at least 1, size at least 8");
    payload = malloc(size);
    memset(payload, 'x', size);
    seen = malloc(messages > warmup ? messages : warmup);

    context = zmq_ctx_new();
    dealer = zmq_socket(context, ZMQ_DEALER);
    zmq_setsockopt(dealer, ZMQ_RCVTIMEO, &timeout, sizeof timeout);
    zmq_setsockopt(dealer, ZMQ_LINGER, &linger, sizeof linger);
    check(zmq_connect(dealer, argv[1]), "connect");

    if (warmup > 0)
        run(warmup, window);
    seconds = run(messages, window);
    zmq_version(&major, &minor, &patch);
    printf("{\"messages\":%llu,\"seconds\":%.6f,\"rate\":%.1f,\"libzmq\":\"%d.%d.%d\"}\n", (unsigned long long) messages,
           seconds, messages / seconds, major, minor, patch);

    zmq_close(dealer);
    zmq_ctx_term(context);
    return 0;
}

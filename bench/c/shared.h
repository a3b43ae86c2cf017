/* What the three small programs beside the gateway share: the clock, growing buffers, sockets, one event loop.

   All instants are nanoseconds of CLOCK_MONOTONIC, which every process of a machine reads alike, so that what one
   program saw can be set against what another one did. A failure here is a failure of the measurement: it is said on
   standard error and the program ends. */
#ifndef BENCH_SHARED_H
#define BENCH_SHARED_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* What is awaited is given up, and told as it stands, when nothing has come for so long. */
#define PATIENCE_NS 10000000000u

enum { MOST_CONNECTIONS = 1024, READ_OCTETS = 1 << 16, EVENTS = 256 };

static inline void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static inline uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Octets that grow at the end and are taken from the front. */
struct buffer {
    char *data;
    size_t first, end, room;
};

static inline void make_room(struct buffer *b, size_t octets) {
    if (b->first == b->end) b->first = b->end = 0;
    if (b->room - b->end >= octets) return;
    memmove(b->data, b->data + b->first, b->end - b->first);
    b->end -= b->first;
    b->first = 0;
    if (b->room - b->end >= octets) return;
    while (b->room - b->end < octets) b->room = b->room ? 2 * b->room : READ_OCTETS;
    b->data = realloc(b->data, b->room);
    if (!b->data) fail("no memory");
}

static inline void put(struct buffer *b, const void *octets, size_t count) {
    make_room(b, count);
    memcpy(b->data + b->end, octets, count);
    b->end += count;
}

static inline size_t held(const struct buffer *b) { return b->end - b->first; }

static inline void *grown(void *array, size_t *room, size_t count, size_t size) {
    if (count < *room) return array;
    *room = *room ? 2 * *room : 4096;
    array = realloc(array, *room * size);
    if (!array) fail("no memory");
    return array;
}

static inline void watch(int epoll, int fd, uint32_t events, int operation, uint64_t mark) {
    struct epoll_event event = {.events = events, .data.u64 = mark};
    if (epoll_ctl(epoll, operation, fd, &event) < 0) fail("epoll_ctl");
}

static inline void answer_at_once(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* A listening socket on a free port of 127.0.0.1; the port is written into `port`. */
static inline int listening(int *port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 512) < 0) fail("listen");
    if (getsockname(fd, (struct sockaddr *)&at, &size) < 0) fail("getsockname");
    *port = ntohs(at.sin_port);
    return fd;
}

static inline int alarm_clock(void) {
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0) fail("timerfd");
    return fd;
}

/* Let `fd` become readable at an instant; 0 lets it rest. */
static inline void ring_at(int fd, uint64_t at_ns) {
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(at_ns / 1000000000u), .tv_nsec = (long)(at_ns % 1000000000u)}};
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* What of `b` the socket takes now. False if the connection is gone. */
static inline int flush(int fd, struct buffer *b) {
    while (held(b)) {
        ssize_t count = send(fd, b->data + b->first, held(b), MSG_NOSIGNAL);
        if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
        b->first += (size_t)count;
    }
    return 1;
}

/* What has come, behind what is held. False if the connection is gone. */
static inline int receive(int fd, struct buffer *b) {
    make_room(b, READ_OCTETS);
    ssize_t count = recv(fd, b->data + b->end, b->room - b->end, 0);
    if (count > 0) b->end += (size_t)count;
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

/* The octets of one whole HTTP message at the front of `b`, 0 if it is not all there; `body` is where its body starts. */
static inline size_t http_message(const struct buffer *b, size_t *body) {
    const char *from = b->data + b->first;
    const char *end = memmem(from, held(b), "\r\n\r\n", 4);
    if (!end) return 0;
    *body = (size_t)(end - from) + 4;
    size_t length = 0;
    for (const char *line = memmem(from, *body, "\r\n", 2); line && line < end; line = memmem(line + 2, *body - (size_t)(line + 2 - from), "\r\n", 2))
        if (!strncasecmp(line + 2, "content-length:", 15)) length = strtoul(line + 17, NULL, 10);
    return *body + length <= held(b) ? *body + length : 0;
}
#endif

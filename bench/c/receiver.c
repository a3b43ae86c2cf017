/* receiver: the customer's web server, to which the gateway posts. Every request is answered with an empty 200.

   "ready PORT" on standard output; a line on standard input is answered by one line of JSON:
     stats    await POSTS (as soon as so many have come, or none comes any more)    reset */
#include "shared.h"

enum { LISTENER = MOST_CONNECTIONS, ORDERS };

struct connection {
    int fd, is_open;
    struct buffer in, out;
};

static struct connection connections[MOST_CONNECTIONS];
static size_t posts, connects, awaited;
static uint64_t first_ns, last_ns, awaited_ns;
static int epoll, is_awaited;
static struct buffer orders;

static void tell(void) {
    printf("{\"posts\": %zu, \"connects\": %zu, \"first_ns\": %llu, \"last_ns\": %llu}\n", posts, connects, (unsigned long long)first_ns,
           (unsigned long long)last_ns);
    fflush(stdout);
}

static void serve(struct connection *c) {
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    size_t body, octets;
    int is_there = receive(c->fd, &c->in);
    while (is_there && (octets = http_message(&c->in, &body))) {
        last_ns = now_ns(), first_ns = first_ns ? first_ns : last_ns, posts++;
        c->in.first += octets;
        put(&c->out, ok, sizeof ok - 1);
    }
    if (is_there && flush(c->fd, &c->out)) return;
    close(c->fd);
    c->is_open = 0, c->in.first = c->in.end = c->out.first = c->out.end = 0;
}

static void welcome(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    for (int i = 0; fd >= 0 && i < MOST_CONNECTIONS; i++) {
        if (connections[i].is_open) continue;
        connections[i].fd = fd, connections[i].is_open = 1, connects++;
        answer_at_once(fd);
        watch(epoll, fd, EPOLLIN, EPOLL_CTL_ADD, (uint64_t)i);
        return;
    }
}

static void read_orders(void) {
    make_room(&orders, READ_OCTETS);
    ssize_t count = read(STDIN_FILENO, orders.data + orders.end, orders.room - orders.end);
    if (count <= 0) exit(0);
    orders.end += (size_t)count;
    char *line;
    while ((line = memchr(orders.data + orders.first, '\n', held(&orders)))) {
        *line = 0;
        char *from = orders.data + orders.first;
        orders.first += (size_t)(line - from) + 1;
        if (sscanf(from, "await %zu", &awaited) == 1) {
            is_awaited = 1, awaited_ns = now_ns();
            continue;
        }
        if (!strcmp(from, "reset")) posts = connects = 0, first_ns = last_ns = 0;
        is_awaited = 0, tell();
    }
}

int main(void) {
    struct epoll_event events[EVENTS];
    int port, listener = listening(&port);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, listener, EPOLLIN, EPOLL_CTL_ADD, LISTENER);
    watch(epoll, STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD, ORDERS);
    printf("ready %d\n", port);
    fflush(stdout);
    for (;;) {
        int found = epoll_wait(epoll, events, EVENTS, is_awaited ? 1000 : -1);
        for (int i = 0; i < found; i++)
            if (events[i].data.u64 == LISTENER) welcome(listener);
            else if (events[i].data.u64 == ORDERS) read_orders();
            else serve(&connections[events[i].data.u64]);
        uint64_t latest = awaited_ns > last_ns ? awaited_ns : last_ns;
        if (is_awaited && (posts >= awaited || (!found && now_ns() - latest > PATIENCE_NS))) is_awaited = 0, tell();
    }
}

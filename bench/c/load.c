/* load PORT REQUEST EXPECTED [options]: HTTP calls over kept connections, as fast as they are answered or at a pace.

   REQUEST is a file with the octets of one whole call. Each run of seven # in it becomes a number, counted up from
   --first, so that its length never changes and a call costs a few digits. EXPECTED must stand in the body of an answer,
   or the call counts as refused; with "ids", the body must be ids joined by commas and no code, which is below 1000. No
   call is repeated.

     --connections N   at a time                       --count N      calls in all
     --seconds S       no call begins after so long    --rate R       calls a second, due whether or not others are answered
     --first N         the first number                --log FILE     a record of each call: struct call

   With a rate, a call's time counts from when it was due: what the server holds up is not left out. Prints JSON. */
#include "shared.h"

enum { MOST_PLACES = 256, DIGITS = 7, CLOCK_MARK = MOST_CONNECTIONS };

struct call {
    uint64_t due_ns, answered_ns;
    uint32_t number, is_accepted;
};

struct connection {
    int fd, is_busy;
    struct buffer in;
    struct call call;
};

static struct connection connections[MOST_CONNECTIONS];
static struct call *calls;
static size_t called, answered, accepted, room, places[MOST_PLACES], place_count, request_octets;
static char *request, refusal[100];
static const char *expected;
static int epoll, port, wanted = 64, has_refusal;
static size_t count = 1000;
static uint32_t number = 1;
static double seconds = 1e6, rate;
static uint64_t began_ns, last_ns;

static void read_request(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    request = malloc(1 << 20);
    request_octets = fread(request, 1, 1 << 20, file);
    fclose(file);
    for (size_t i = 0; i + DIGITS <= request_octets && place_count < MOST_PLACES; i++)
        if (!memcmp(request + i, "#######", DIGITS)) places[place_count++] = i, i += DIGITS - 1;
}

static void dial(struct connection *c, uint64_t mark) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&at, sizeof at) < 0) fail("connect");
    answer_at_once(c->fd);
    watch(epoll, c->fd, EPOLLIN, EPOLL_CTL_ADD, mark);
}

static void call(struct connection *c, uint64_t due_ns) {
    c->call = (struct call){.due_ns = due_ns, .number = number};
    for (size_t i = 0; i < place_count; i++, number++) {
        uint32_t left = number;
        for (int digit = DIGITS - 1; digit >= 0; digit--, left /= 10) request[places[i] + (size_t)digit] = (char)('0' + left % 10);
    }
    c->is_busy = 1;
    called++;
    if (send(c->fd, request, request_octets, MSG_NOSIGNAL) != (ssize_t)request_octets) fail("send");
}

/* Whether a body is ids alone. */
static int are_ids(const char *body, size_t octets) {
    unsigned long id = 0;
    for (size_t i = 0; i <= octets; i++) {
        if (i < octets && body[i] >= '0' && body[i] <= '9') id = 10 * id + (unsigned long)(body[i] - '0');
        else if (id <= 1000) return 0;
        else id = 0;
    }
    return 1;
}

static void note(struct connection *c, const char *body, size_t octets) {
    c->call.answered_ns = last_ns = now_ns();
    c->call.is_accepted = strcmp(expected, "ids") ? memmem(body, octets, expected, strlen(expected)) != NULL : are_ids(body, octets);
    accepted += c->call.is_accepted;
    if (!c->call.is_accepted && !has_refusal) has_refusal = 1, snprintf(refusal, sizeof refusal, "%.*s", (int)octets, body);
    calls = grown(calls, &room, answered, sizeof *calls);
    calls[answered++] = c->call;
    c->is_busy = 0;
}

/* Whether one more call may begin now, and for a paced one when it was due. */
static int is_due(uint64_t now, uint64_t *due_ns) {
    if (called >= count || (double)(now - began_ns) > seconds * 1e9) return 0;
    *due_ns = rate > 0 ? began_ns + (uint64_t)((double)called / rate * 1e9) : now;
    return *due_ns <= now;
}

static void answers(struct connection *c) {
    size_t body, octets;
    uint64_t due_ns;
    if (!receive(c->fd, &c->in)) errno = ECONNRESET, fail("the server hung up");
    while ((octets = http_message(&c->in, &body))) {
        note(c, c->in.data + c->in.first + body, octets - body);
        c->in.first += octets;
        if (is_due(now_ns(), &due_ns)) call(c, due_ns);
    }
}

static void run(void) {
    struct epoll_event events[EVENTS];
    int clock = alarm_clock();
    uint64_t due_ns, rings;
    watch(epoll, clock, EPOLLIN, EPOLL_CTL_ADD, CLOCK_MARK);
    began_ns = now_ns();
    for (;;) {
        uint64_t now = now_ns();
        int may_begin = called < count && (double)(now - began_ns) <= seconds * 1e9;
        for (int i = 0; i < wanted && is_due(now, &due_ns); i++)
            if (!connections[i].is_busy) call(&connections[i], due_ns);
        if (!may_begin && answered == called) return;
        uint64_t next_ns = rate > 0 ? began_ns + (uint64_t)((double)called / rate * 1e9) + 1 : 0;
        if (rate > 0) ring_at(clock, may_begin && next_ns > now ? next_ns : 0); /* what is overdue waits for an answer */
        int found = epoll_wait(epoll, events, EVENTS, 1000);
        for (int i = 0; i < found; i++)
            if (events[i].data.u64 == CLOCK_MARK) (void)!read(clock, &rings, sizeof rings);
            else answers(&connections[events[i].data.u64]);
    }
}

static int by_time(const void *a, const void *b) {
    const struct call *x = a, *y = b;
    uint64_t p = x->answered_ns - x->due_ns, q = y->answered_ns - y->due_ns;
    return (p > q) - (p < q);
}

static double quantile_ms(double share) {
    if (!answered) return 0;
    const struct call *c = &calls[(size_t)((double)(answered - 1) * share)];
    return (double)(c->answered_ns - c->due_ns) / 1e6;
}

int main(int argc, char **argv) {
    const char *log = NULL;
    if (argc < 4) return fprintf(stderr, "load PORT REQUEST EXPECTED [options]\n"), 2;
    port = atoi(argv[1]);
    read_request(argv[2]);
    expected = argv[3];
    for (int i = 4; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--connections")) wanted = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--count")) count = strtoul(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--seconds")) seconds = atof(argv[i + 1]);
        else if (!strcmp(argv[i], "--rate")) rate = atof(argv[i + 1]);
        else if (!strcmp(argv[i], "--first")) number = (uint32_t)strtoul(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--log")) log = argv[i + 1];
        else return fprintf(stderr, "unknown: %s\n", argv[i]), 2;
    }
    if (wanted > MOST_CONNECTIONS) wanted = MOST_CONNECTIONS;
    epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < wanted; i++) dial(&connections[i], (uint64_t)i);
    run();
    if (log) {
        FILE *file = fopen(log, "wb");
        if (!file || fwrite(calls, sizeof *calls, answered, file) != answered || fclose(file)) fail(log);
    }
    if (has_refusal) fprintf(stderr, "first refusal: %s\n", refusal);
    qsort(calls, answered, sizeof *calls, by_time);
    printf("{\"calls\": %zu, \"accepted\": %zu, \"next_number\": %u, \"began_ns\": %llu, \"ended_ns\": %llu, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n",
           called, accepted, number, (unsigned long long)began_ns, (unsigned long long)last_ns, quantile_ms(0.5), quantile_ms(0.99));
    return 0;
}

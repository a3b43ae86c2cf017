/* operator: the operator's SMPP 3.4 server as the gateway meets it, at little cost.

   It takes every bind and every submit_sm, answers at once or after a delay, and sends a receipt for what asked for one,
   with the answer or some time after it. What it says itself: "ready PORT" on standard output. What it is told, a line
   each on standard input, each answered by one line of JSON:

     set ANSWER_MS RECEIPT_MS     how late from now on          stats            what there has been
     await SUBMITS RECEIPTS       stats, as soon as so many     reset            forget all of it
                                  have come and are answered,   dump FILE        struct seen of each submit_sm
                                  or nothing comes any more

   Argument --quick-ack: acknowledges TCP segments at once, for peers that do not set TCP_NODELAY. */
#include "shared.h"

enum { SUBMIT = 4, DELIVER = 5, UNBIND = 6, ENQUIRE = 0x15, TRANSCEIVER = 9, ANSWER = (int)0x80000000 };
enum { LISTENER = MOST_CONNECTIONS, CLOCK, ORDERS };

struct seen {
    uint64_t at_ns, recipient;
};

struct connection {
    int fd, is_open;
    uint32_t sequence, life;
    struct buffer in, out;
};

/* A PDU that waits for its time; all of one kind wait equally long, so a queue is in order. */
struct late {
    uint64_t at_ns;
    uint32_t life;
    int connection;
    uint16_t octets;
    char pdu[256];
};

struct queue {
    struct late *items;
    size_t first, end, room;
};

static struct connection connections[MOST_CONNECTIONS];
static struct queue late_answers, late_receipts;
static struct seen *seen;
static size_t submits, room, receipts, acknowledged, others, in_flight, most_in_flight;
static uint64_t first_ns, last_ns, acknowledged_ns, awaited_ns, answer_ns, receipt_ns, next_id = 1;
static size_t awaited_submits, awaited_receipts;
static int epoll, clock_fd, is_quick, is_awaited;
static struct buffer orders;

static uint32_t number(const char *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return ntohl(value);
}

static void head(char *at, uint32_t octets, uint32_t command, uint32_t status, uint32_t sequence) {
    uint32_t words[4] = {htonl(octets), htonl(command), htonl(status), htonl(sequence)};
    memcpy(at, words, sizeof words);
}

static void answer(struct connection *c, uint32_t command, uint32_t status, uint32_t sequence, const char *body, size_t octets) {
    char start[16];
    head(start, (uint32_t)(16 + octets), command, status, sequence);
    put(&c->out, start, 16);
    put(&c->out, body, octets);
}

static void hand(struct queue *q, int index, uint64_t at_ns, const char *pdu, size_t octets) {
    if (q->first == q->end) q->first = q->end = 0;
    q->items = grown(q->items, &q->room, q->end, sizeof *q->items);
    struct late *item = &q->items[q->end++];
    *item = (struct late){.at_ns = at_ns, .connection = index, .life = connections[index].life, .octets = (uint16_t)octets};
    memcpy(item->pdu, pdu, octets);
}

/* A C octet string of a body: where it starts, and how long it is; `at` moves behind its NUL. */
static const char *text(const char *body, size_t octets, size_t *at, size_t *length) {
    const char *from = body + *at;
    const char *end = *at < octets ? memchr(from, 0, octets - *at) : NULL;
    *length = end ? (size_t)(end - from) : 0;
    *at = end ? *at + *length + 1 : octets + 1;
    return from;
}

static size_t receipt(struct connection *c, char *pdu, const char *line, size_t line_octets, const char *mobile, size_t mobile_octets, uint64_t id) {
    static const char fixed[9] = {4, 0, 0, 0, 0, 0, 0, 0, 0};
    char words[128], *at = pdu + 16;
    int octets = snprintf(words, sizeof words, "id:%010llu sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:",
                          (unsigned long long)id);
    *at++ = 0, *at++ = 1, *at++ = 1;
    memcpy(at, mobile, mobile_octets), at += mobile_octets, *at++ = 0;
    *at++ = 1, *at++ = 1;
    memcpy(at, line, line_octets), at += line_octets, *at++ = 0;
    memcpy(at, fixed, 9), at += 9;
    *at++ = (char)octets;
    memcpy(at, words, (size_t)octets), at += octets;
    head(pdu, (uint32_t)(at - pdu), DELIVER, 0, c->sequence++ & 0x7fffffff);
    return (size_t)(at - pdu);
}

/* The body of submit_sm: SMPP 3.4 §4.4.1. */
static void submit(int index, uint32_t sequence, const char *body, size_t octets, uint64_t now) {
    struct connection *c = &connections[index];
    size_t at = 0, line_octets, mobile_octets, unused;
    text(body, octets, &at, &unused), at += 2;
    const char *line = text(body, octets, &at, &line_octets);
    at += 2;
    const char *mobile = text(body, octets, &at, &mobile_octets);
    at += 3;
    text(body, octets, &at, &unused), text(body, octets, &at, &unused);
    if (at + 5 > octets || line_octets > 20 || mobile_octets > 20) return answer(c, SUBMIT | ANSWER, 2, sequence, "", 0);
    seen = grown(seen, &room, submits, sizeof *seen);
    seen[submits++] = (struct seen){.at_ns = now, .recipient = strtoull(mobile, NULL, 10)};
    first_ns = first_ns ? first_ns : now, last_ns = now;
    char pdu[256];
    uint64_t id = next_id++;
    size_t id_octets = (size_t)snprintf(pdu + 16, 32, "%010llu", (unsigned long long)id) + 1;
    if (!answer_ns) answer(c, SUBMIT | ANSWER, 0, sequence, pdu + 16, id_octets);
    else {
        head(pdu, (uint32_t)(16 + id_octets), SUBMIT | ANSWER, 0, sequence);
        hand(&late_answers, index, now + answer_ns, pdu, 16 + id_octets);
        if (++in_flight > most_in_flight) most_in_flight = in_flight;
    }
    if (!(body[at] & 3)) return;
    size_t pdu_octets = receipt(c, pdu, line, line_octets, mobile, mobile_octets, id);
    receipts++;
    if (answer_ns + receipt_ns) hand(&late_receipts, index, now + answer_ns + receipt_ns, pdu, pdu_octets);
    else put(&c->out, pdu, pdu_octets);
}

static void take(int index, const char *pdu, size_t octets, uint64_t now) {
    struct connection *c = &connections[index];
    uint32_t command = number(pdu + 4), sequence = number(pdu + 12);
    if (command == SUBMIT) submit(index, sequence, pdu + 16, octets - 16, now);
    else if (command == (DELIVER | (uint32_t)ANSWER)) acknowledged++, acknowledged_ns = now;
    else if (command == 1 || command == 2 || command == TRANSCEIVER) answer(c, command | (uint32_t)ANSWER, 0, sequence, "bench", 6);
    else if (command == ENQUIRE || command == UNBIND) answer(c, command | (uint32_t)ANSWER, 0, sequence, "", 0);
    else if (!(command & (uint32_t)ANSWER)) others++, answer(c, (uint32_t)ANSWER, 3, sequence, "", 0);
}

static void hang_up(struct connection *c) {
    close(c->fd);
    c->is_open = 0, c->life++;
    c->in.first = c->in.end = c->out.first = c->out.end = 0;
}

static void write_out(int index) {
    struct connection *c = &connections[index];
    if (!flush(c->fd, &c->out)) return hang_up(c);
    watch(epoll, c->fd, held(&c->out) ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD, (uint64_t)index);
}

static void read_in(int index) {
    struct connection *c = &connections[index];
    int one = 1;
    if (!receive(c->fd, &c->in)) return hang_up(c);
    if (is_quick) setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
    uint64_t now = now_ns();
    while (held(&c->in) >= 16) {
        const char *pdu = c->in.data + c->in.first;
        size_t octets = number(pdu);
        if (octets < 16 || octets > 65536) return hang_up(c);
        if (held(&c->in) < octets) break;
        take(index, pdu, octets, now);
        c->in.first += octets;
    }
    if (held(&c->out)) write_out(index);
}

static void send_due(struct queue *q, uint64_t now, int are_answers) {
    for (; q->first < q->end && q->items[q->first].at_ns <= now; q->first++) {
        struct late *item = &q->items[q->first];
        struct connection *c = &connections[item->connection];
        in_flight -= (size_t)are_answers;
        if (!c->is_open || c->life != item->life) continue;
        put(&c->out, item->pdu, item->octets);
    }
}

static void tell(void) {
    printf("{\"submits\": %zu, \"receipts\": %zu, \"acknowledged\": %zu, \"others\": %zu, \"most_in_flight\": %zu, "
           "\"first_ns\": %llu, \"last_ns\": %llu, \"acknowledged_ns\": %llu}\n",
           submits, receipts, acknowledged, others, most_in_flight, (unsigned long long)first_ns, (unsigned long long)last_ns,
           (unsigned long long)acknowledged_ns);
    fflush(stdout);
}

static int has_stopped(void) {
    uint64_t latest = awaited_ns > last_ns ? awaited_ns : last_ns;
    latest = latest > acknowledged_ns ? latest : acknowledged_ns;
    return now_ns() - latest > PATIENCE_NS;
}

static void obey(char *order) {
    unsigned long answer_ms, receipt_ms;
    char path[4096];
    if (sscanf(order, "set %lu %lu", &answer_ms, &receipt_ms) == 2) answer_ns = answer_ms * 1000000, receipt_ns = receipt_ms * 1000000, tell();
    else if (sscanf(order, "await %zu %zu", &awaited_submits, &awaited_receipts) == 2) is_awaited = 1, awaited_ns = now_ns();
    else if (!strcmp(order, "reset")) {
        submits = receipts = acknowledged = others = in_flight = most_in_flight = 0;
        first_ns = last_ns = acknowledged_ns = 0;
        tell();
    } else if (sscanf(order, "dump %4095s", path) == 1) {
        FILE *file = fopen(path, "wb");
        if (!file || fwrite(seen, sizeof *seen, submits, file) != submits || fclose(file)) fail(path);
        tell();
    } else is_awaited = 0, tell();
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
        obey(from);
    }
}

static void welcome(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    for (int i = 0; fd >= 0 && i < MOST_CONNECTIONS; i++) {
        struct connection *c = &connections[i];
        if (c->is_open) continue;
        c->fd = fd, c->is_open = 1, c->sequence = 1;
        answer_at_once(fd);
        watch(epoll, fd, EPOLLIN, EPOLL_CTL_ADD, (uint64_t)i);
        return;
    }
}

static void send_late(void) {
    uint64_t now = now_ns();
    send_due(&late_answers, now, 1);
    send_due(&late_receipts, now, 0);
    for (int i = 0; i < MOST_CONNECTIONS; i++)
        if (connections[i].is_open && held(&connections[i].out)) write_out(i);
    uint64_t next = late_answers.first < late_answers.end ? late_answers.items[late_answers.first].at_ns : 0;
    uint64_t other = late_receipts.first < late_receipts.end ? late_receipts.items[late_receipts.first].at_ns : 0;
    ring_at(clock_fd, next && other ? (next < other ? next : other) : next + other);
}

int main(int argc, char **argv) {
    struct epoll_event events[EVENTS];
    int port, listener = listening(&port);
    uint64_t rings;
    is_quick = argc > 1 && !strcmp(argv[1], "--quick-ack");
    epoll = epoll_create1(EPOLL_CLOEXEC), clock_fd = alarm_clock();
    watch(epoll, listener, EPOLLIN, EPOLL_CTL_ADD, LISTENER);
    watch(epoll, clock_fd, EPOLLIN, EPOLL_CTL_ADD, CLOCK);
    watch(epoll, STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD, ORDERS);
    printf("ready %d\n", port);
    fflush(stdout);
    for (;;) {
        int found = epoll_wait(epoll, events, EVENTS, is_awaited ? 1000 : -1);
        for (int i = 0; i < found; i++) {
            uint64_t mark = events[i].data.u64;
            if (mark == LISTENER) welcome(listener);
            else if (mark == CLOCK) (void)!read(clock_fd, &rings, sizeof rings);
            else if (mark == ORDERS) read_orders();
            else if (events[i].events & EPOLLOUT) write_out((int)mark);
            else read_in((int)mark);
        }
        if (late_answers.first < late_answers.end || late_receipts.first < late_receipts.end) send_late();
        int are_there = submits >= awaited_submits && acknowledged >= awaited_receipts;
        if (is_awaited && (are_there || (!found && has_stopped()))) is_awaited = 0, tell();
    }
}

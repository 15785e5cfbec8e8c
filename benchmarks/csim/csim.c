/* A streamed chat-completions server that is faster than any client it is meant to measure.
 *
 * One thread, epoll, one timerfd. Every POST is answered with TOKENS server-sent events, one HTTP chunk
 * each, then a usage event and [DONE]. With no delay the whole answer is one write; otherwise the first
 * token goes out TTFT ms after the request's last byte was read and each next one ITL ms after the one
 * before was due. What really happened is kept: GET /truth answers p50/p99 of the time from a request's
 * reading to its first token's writing, and of the lateness of every write, both in microseconds.
 *
 *     csim PORT TOKENS TTFT_MS ITL_MS        PORT 0 takes a free one; the port is printed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_FD 65536
#define MAX_SAMPLES (1 << 22)
#define IN_SIZE (64 * 1024)
#define NS 1000000000LL

struct conn {
    char *in;
    int have;
    long skip;      /* body bytes of a long request still to be read and dropped */
    int sent;       /* tokens written of the answer in progress; -1: none */
    int64_t read_at, due;
    uint32_t turn;  /* makes heap entries of a closed connection stale */
};

struct entry { int64_t due; int fd; uint32_t turn; };

static struct conn conns[MAX_FD];
static struct entry heap[1 << 20];
static int heap_size;
static uint32_t *ttft_us, *late_us;
static long ttft_n, late_n, requests;
static int tokens, ep, timer_fd;
static int64_t ttft_ns, itl_ns, armed;
static char head[512], piece[1024], tail[2048], *whole;
static int head_n, piece_n, tail_n, whole_n;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS + t.tv_nsec;
}

static int chunk(char *to, const char *data) {
    return sprintf(to, "%zx\r\n%s\r\n", strlen(data), data);
}

static void prepare(void) {
    char data[768];
    const char *id = "\"id\":\"chatcmpl-0123456789abcdef\",\"object\":\"chat.completion.chunk\","
                     "\"created\":1700000000,\"model\":\"csim\"";
    head_n = sprintf(head, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                           "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n");
    sprintf(data, "data: {%s,\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},"
                  "\"finish_reason\":null}]}\n\n", id);
    piece_n = chunk(piece, data);
    sprintf(data, "data: {%s,\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n", id);
    tail_n = chunk(tail, data);
    sprintf(data, "data: {%s,\"choices\":[],\"usage\":{\"prompt_tokens\":16,\"completion_tokens\":%d,"
                  "\"total_tokens\":%d}}\n\n", id, tokens, tokens + 16);
    tail_n += chunk(tail + tail_n, data);
    tail_n += chunk(tail + tail_n, "data: [DONE]\n\n");
    tail_n += sprintf(tail + tail_n, "0\r\n\r\n");
    whole = malloc(head_n + (long)tokens * piece_n + tail_n);
    memcpy(whole, head, head_n);
    whole_n = head_n;
    for (int i = 0; i < tokens; i++, whole_n += piece_n) memcpy(whole + whole_n, piece, piece_n);
    memcpy(whole + whole_n, tail, tail_n);
    whole_n += tail_n;
}

static void push(int64_t due, int fd) {
    int i = heap_size++;
    if (heap_size == 1 << 20) { fprintf(stderr, "csim: heap full\n"); exit(1); }
    while (i && heap[(i - 1) / 2].due > due) { heap[i] = heap[(i - 1) / 2]; i = (i - 1) / 2; }
    heap[i] = (struct entry){due, fd, conns[fd].turn};
}

static struct entry pop(void) {
    struct entry top = heap[0], last = heap[--heap_size];
    int i = 0;
    for (int c; (c = 2 * i + 1) < heap_size; i = c) {
        if (c + 1 < heap_size && heap[c + 1].due < heap[c].due) c++;
        if (heap[c].due >= last.due) break;
        heap[i] = heap[c];
    }
    heap[i] = last;
    return top;
}

static void arm(void) {
    int64_t due = heap_size ? heap[0].due : 0;
    if (due == armed) return;
    armed = due;
    struct itimerspec t = {{0, 0}, {due / NS, due % NS}};
    timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &t, NULL);
}

static void drop(int fd) {
    conns[fd].turn++;
    conns[fd].sent = -1;
    conns[fd].have = 0;
    conns[fd].skip = 0;
    close(fd);
}

/* Answers are far smaller than a socket buffer; a client that lets one fill up is cut. */
static int put(int fd, const char *data, int n) {
    if (send(fd, data, n, MSG_NOSIGNAL) == n) return 1;
    drop(fd);
    return 0;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void truth(int fd) {
    char body[512], answer[1024];
    qsort(ttft_us, ttft_n, 4, ascending);
    qsort(late_us, late_n, 4, ascending);
#define Q(a, n, s) ((n) ? (long)(a)[(long)((n) * (s)) < (n) ? (long)((n) * (s)) : (n) - 1] : -1L)
    int m = sprintf(body, "{\"requests\":%ld,\"ttft_us\":{\"n\":%ld,\"p50\":%ld,\"p99\":%ld,\"max\":%ld},"
                          "\"late_us\":{\"n\":%ld,\"p50\":%ld,\"p99\":%ld,\"max\":%ld}}",
                    requests, ttft_n, Q(ttft_us, ttft_n, .5), Q(ttft_us, ttft_n, .99), Q(ttft_us, ttft_n, 1.),
                    late_n, Q(late_us, late_n, .5), Q(late_us, late_n, .99), Q(late_us, late_n, 1.));
    int n = sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                    m, body);
    ttft_n = late_n = requests = 0;
    put(fd, answer, n);
}

static void begin(int fd) {
    struct conn *c = &conns[fd];
    requests++;
    c->read_at = now();
    if (!ttft_ns && !itl_ns) { put(fd, whole, whole_n); return; }
    c->sent = 0;
    c->due = c->read_at + ttft_ns;
    push(c->due, fd);
}

static void step(struct entry e) {
    struct conn *c = &conns[e.fd];
    char out[8192];
    if (c->turn != e.turn || c->sent < 0) return;
    int n = 0;
    if (!c->sent) { memcpy(out, head, head_n); n = head_n; }
    memcpy(out + n, piece, piece_n);
    n += piece_n;
    if (++c->sent == tokens) { memcpy(out + n, tail, tail_n); n += tail_n; }
    int64_t at = now();
    if (c->sent == 1 && ttft_n < MAX_SAMPLES) ttft_us[ttft_n++] = (at - c->read_at) / 1000;
    if (late_n < MAX_SAMPLES) late_us[late_n++] = (at - e.due) / 1000;
    if (c->sent == tokens) {
        c->sent = -1;
        put(e.fd, out, n);
    } else if (put(e.fd, out, n)) {
        c->due += itl_ns;
        push(c->due, e.fd);
    }
}

/* Requests are counted by their Content-Length; nothing else of them matters. */
static void readable(int fd) {
    struct conn *c = &conns[fd];
    if (!c->in) c->in = malloc(IN_SIZE);
    int n = recv(fd, c->in + c->have, IN_SIZE - 1 - c->have, 0);
    if (n <= 0) { if (n == 0 || errno != EAGAIN) drop(fd); return; }
    c->have += n;
    if (c->skip) {
        long cut = c->skip < c->have ? c->skip : c->have;
        memmove(c->in, c->in + cut, c->have -= cut);
        if (!(c->skip -= cut)) begin(fd);
        return;
    }
    c->in[c->have] = 0;
    char *end = memmem(c->in, c->have, "\r\n\r\n", 4);
    if (!end) { if (c->have == IN_SIZE - 1) drop(fd); return; }
    if (!memcmp(c->in, "GET", 3)) { c->have = 0; truth(fd); return; }
    char *length = strcasestr(c->in, "\r\nContent-Length:");
    long body = length && length < end ? atol(length + 17) : 0;
    long total = end + 4 - c->in + body;
    if (total > c->have) { c->skip = total - c->have; c->have = 0; return; }
    memmove(c->in, c->in + total, c->have -= total);
    begin(fd);
}

static void accept_all(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        int on = 1;
        if (fd >= MAX_FD) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        conns[fd].sent = -1;
        conns[fd].have = 0;
        conns[fd].skip = 0;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
    }
}

int main(int argc, char **argv) {
    if (argc != 5) { fprintf(stderr, "usage: csim PORT TOKENS TTFT_MS ITL_MS\n"); return 64; }
    tokens = atoi(argv[2]);
    ttft_ns = atof(argv[3]) * 1e6;
    itl_ns = atof(argv[4]) * 1e6;
    ttft_us = malloc(4L * MAX_SAMPLES);
    late_us = malloc(4L * MAX_SAMPLES);
    prepare();
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (void *)&where, size) || listen(listener, 4096)) { perror("csim"); return 1; }
    getsockname(listener, (void *)&where, &size);
    printf("%d\n", ntohs(where.sin_port));
    fflush(stdout);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[512], event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &event);
    event.data.fd = timer_fd;
    epoll_ctl(ep, EPOLL_CTL_ADD, timer_fd, &event);
    for (;;) {
        int n = epoll_wait(ep, events, 512, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) accept_all(listener);
            else if (fd != timer_fd) readable(fd);
            /* Tokens that fell due meanwhile go first: their lateness is this program's error. */
            while (heap_size && heap[0].due <= now()) step(pop());
        }
        while (heap_size && heap[0].due <= now()) step(pop());
        arm();
    }
}

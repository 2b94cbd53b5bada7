/* Mock for the benchmarks: a supplier (chat completions as JSON at once, or as a paced event stream)
 * and a GymBro server (POST /api/v1/messages, then GET /api/v1/messages/{id}/events).
 *
 * One thread, epoll, one timer wheel of 1 ms. Usage: mock_supplier PORT TOKENS GAP_MS FIRST_MS
 * Every stream sends its tokens on a fixed schedule from the moment of its request, so a late
 * client does not slow the schedule down. GET /count answers {"requests":n,"tokens":n}.
 * A message's schedule begins at its POST; its id is the microsecond of it, so nothing is stored.
 * GET /truth answers what clients had to wait, from POST to the first token and to the end, in ms;
 * with the tokens sent since the reset and the seconds from the first stream to the newest token.
 * GET /reset forgets it; GET /freeze?ms=n lets the whole server sleep.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 65536, SLOTS = 4096, BATCH = 256 };

typedef struct peer {
    int fd;
    size_t have;              /* request bytes read so far */
    size_t out_at, out_len;   /* response bytes not yet taken by the kernel */
    int64_t started_us;
    int app;                  /* the stream is a GymBro server's */
    int sent;                 /* tokens of the present stream, -1: no stream */
    int closed;
    struct peer *next;        /* in its slot of the wheel */
    char in[BUFFER];
    char out[BUFFER];
} peer;

static int epoll, token_count = 64, gap_ms = 20, first_ms = 0;
static int streams; /* running now */
static long request_count, token_total;
static peer *wheel[SLOTS];
static int64_t wheel_at;
static char json_answer[4096];
static size_t json_length;

enum { TRUTHS = 2000000 };
static int32_t *first_us, *total_us; /* what each message waited */
static int firsts, totals, streams_most;
static int64_t began_us, last_us; /* since the reset: the first stream, the newest token */
static long tokens_since;

static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t now_ms(void) { return now_us() / 1000; }

static void watch(peer *p, uint32_t events) {
    struct epoll_event e = {.events = events, .data.ptr = p};
    epoll_ctl(epoll, EPOLL_CTL_MOD, p->fd, &e);
}

static void push(peer *p) {
    while (p->out_at < p->out_len) {
        ssize_t n = send(p->fd, p->out + p->out_at, p->out_len - p->out_at, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN) watch(p, EPOLLIN | EPOLLOUT);
            else p->closed = 1;
            return;
        }
        p->out_at += (size_t)n;
    }
    p->out_at = p->out_len = 0;
}

static void put(peer *p, const char *data, size_t n) {
    if (p->out_len + n > BUFFER) { p->closed = 1; return; } /* a client that never reads */
    memcpy(p->out + p->out_len, data, n);
    p->out_len += n;
}

static void put_chunk(peer *p, const char *data, size_t n) {
    char head[16];
    put(p, head, (size_t)snprintf(head, sizeof head, "%zx\r\n", n));
    put(p, data, n);
    put(p, "\r\n", 2);
}

static void plan(peer *p, int64_t due) {
    if (due <= wheel_at) due = wheel_at + 1;
    p->next = wheel[due % SLOTS];
    wheel[due % SLOTS] = p;
}

static void put_token(peer *p) {
    char event[256];
    int n = p->app ? snprintf(event, sizeof event,
        "event: content_delta\ndata: {\"message_id\":\"m%lld\",\"seq\":%d,\"delta\":\"tok%d \"}\n\n",
        (long long)p->started_us, p->sent + 1, p->sent % 10) : snprintf(event, sizeof event,
        "data: {\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
        "\"model\":\"mock\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"tok%d \"},"
        "\"finish_reason\":null}]}\n\n", p->sent % 10);
    put_chunk(p, event, (size_t)n);
    if (p->app && !p->sent && firsts < TRUTHS) first_us[firsts++] = (int32_t)(now_us() - p->started_us);
    p->sent++;
    token_total++;
    tokens_since++;
    last_us = now_us();
}

static void put_end(peer *p) {
    static const char end[] =
        "data: {\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
        "\"model\":\"mock\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
        "data: [DONE]\n\n";
    static const char done[] = "event: completed\ndata: {\"status\":\"completed\"}\n\n";
    if (p->app) put_chunk(p, done, sizeof done - 1);
    else put_chunk(p, end, sizeof end - 1);
    if (p->app && totals < TRUTHS) total_us[totals++] = (int32_t)(now_us() - p->started_us);
    put(p, "0\r\n\r\n", 5);
    p->sent = -1;
    streams--;
}

static int serve(peer *p);

static int64_t due_ms(peer *p) { return p->started_us / 1000 + first_ms + (int64_t)p->sent * gap_ms; }

static void tick(peer *p, int64_t now) { /* send every token that is due, plan the next */
    while (!p->closed && p->sent < token_count && due_ms(p) <= now)
        put_token(p);
    if (p->closed) return;
    if (p->sent >= token_count) {
        put_end(p);
        push(p);
        while (!p->closed && p->sent < 0 && serve(p)) {}
        return;
    }
    push(p);
    plan(p, due_ms(p));
}

static void answer(peer *p, const char *body, size_t n) {
    char head[160];
    put(p, head, (size_t)snprintf(head, sizeof head,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", n));
    put(p, body, n);
}

static int by_size(const void *a, const void *b) { return *(const int32_t *)a - *(const int32_t *)b; }

static int put_waits(char *to, size_t room, const char *name, int32_t *values, int count) {
    qsort(values, (size_t)count, sizeof *values, by_size);
    double p[4] = {0, 0, 0, 0}, sum = 0, shares[4] = {0.5, 0.9, 0.95, 0.99};
    for (int i = 0; i < count; i++) sum += values[i] / 1e3;
    for (int i = 0; i < 4 && count; i++) p[i] = values[(int)(shares[i] * (count - 1))] / 1e3;
    return snprintf(to, room, ",\"%s\":{\"p50\":%.3f,\"p90\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"max\":%.3f,\"mean\":%.3f}",
        name, p[0], p[1], p[2], p[3], count ? values[count - 1] / 1e3 : 0, count ? sum / count : 0);
}

static void tell_truth(peer *p) {
    char body[1024];
    int n = snprintf(body, sizeof body, "{\"calls\":%d,\"streams_most\":%d,\"tokens\":%ld,\"window_s\":%.3f",
        totals, streams_most, tokens_since, began_us ? (double)(last_us - began_us) / 1e6 : 0.0);
    n += put_waits(body + n, sizeof body - (size_t)n, "ttft", first_us, firsts);
    n += put_waits(body + n, sizeof body - (size_t)n, "total", total_us, totals);
    body[n++] = '}';
    answer(p, body, (size_t)n);
}

static void accept_message(peer *p) {
    char body[160], head[200];
    int n = snprintf(body, sizeof body, "{\"message_id\":\"m%lld\",\"conversation_id\":\"c1\",\"status\":\"queued\"}", (long long)now_us());
    put(p, head, (size_t)snprintf(head, sizeof head,
        "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", n));
    put(p, body, (size_t)n);
}

static void begin_stream(peer *p, int64_t started_us, int app) {
    static const char start[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
        "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n";
    put(p, start, sizeof start - 1);
    p->sent = 0;
    p->app = app;
    if (++streams > streams_most) streams_most = streams;
    if (!began_us) began_us = now_us();
    p->started_us = started_us;
    if (app && !gap_ms && !first_ms) { /* all of it at once */
        while (p->sent < token_count) put_token(p);
        put_end(p);
    } else {
        plan(p, due_ms(p));
    }
}

static int serve(peer *p) { /* one whole request of the buffer: 1 served, 0 more bytes needed */
    char *end = memmem(p->in, p->have, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head = (size_t)(end - p->in) + 4, length = 0;
    for (char *line = p->in; line && line < end; line = memmem(line, (size_t)(end - line), "\r\n", 2)) {
        while (*line == '\r' || *line == '\n') line++;
        if (!strncasecmp(line, "content-length:", 15)) length = strtoul(line + 15, NULL, 10);
    }
    if (p->have < head + length) return 0;
    if (strncmp(p->in, "GET /count", 10) == 0) {
        char body[96];
        answer(p, body, (size_t)snprintf(body, sizeof body, "{\"requests\":%ld,\"tokens\":%ld}", request_count, token_total));
    } else if (strncmp(p->in, "GET /truth", 10) == 0) {
        tell_truth(p);
    } else if (strncmp(p->in, "GET /reset", 10) == 0) {
        firsts = totals = streams_most = 0;
        began_us = last_us = tokens_since = 0;
        answer(p, "{}", 2);
    } else if (strncmp(p->in, "GET /freeze?ms=", 15) == 0) {
        answer(p, "{}", 2);
        push(p);
        usleep((useconds_t)(atoi(p->in + 15) * 1000));
    } else if (strncmp(p->in, "GET /api/v1/messages/", 21) == 0) {
        int64_t at = p->in[21] == 'm' ? atoll(p->in + 22) : now_us();
        begin_stream(p, at, 1);
    } else if (strncmp(p->in, "POST /api/v1/messages ", 22) == 0) {
        request_count++;
        accept_message(p);
    } else if (strncmp(p->in, "GET /api/v1/llm/models", 22) == 0) {
        static const char mapped[] = "{\"code\":200,\"data\":[{\"name\":\"mock\"}]}";
        answer(p, mapped, sizeof mapped - 1);
    } else if (strncmp(p->in, "GET ", 4) == 0) {
        static const char list[] = "{\"object\":\"list\",\"data\":[{\"id\":\"mock\",\"object\":\"model\"}]}";
        answer(p, list, sizeof list - 1);
    } else {
        request_count++;
        char *asked = memmem(p->in + head, length, "\"stream\"", 8);
        size_t left = asked ? (size_t)(p->in + head + length - asked) : 0;
        int streamed = asked && memmem(asked, left < 16 ? left : 16, "true", 4);
        if (streamed) {
            begin_stream(p, now_us(), 0);
        } else {
            answer(p, json_answer, json_length);
        }
    }
    memmove(p->in, p->in + head + length, p->have - head - length);
    p->have -= head + length;
    push(p);
    return 1;
}

static void on_ready(peer *p, uint32_t events) {
    if (events & EPOLLOUT) {
        watch(p, EPOLLIN);
        push(p);
    }
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    ssize_t n = recv(p->fd, p->in + p->have, BUFFER - p->have, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) { p->closed = 1; return; }
    if (n > 0) p->have += (size_t)n;
    while (!p->closed && p->sent < 0 && serve(p)) {}
}

static void drop(peer *p) {
    for (int slot = 0; slot < SLOTS; slot++) /* rare: a stream that was left */
        for (peer **at = &wheel[slot]; *at; at = &(*at)->next)
            if (*at == p) { *at = p->next; break; }
    if (p->sent >= 0) streams--;
    close(p->fd);
    free(p);
}

static void turn_wheel(int64_t now) {
    if (now - wheel_at > SLOTS) wheel_at = now - SLOTS;
    while (wheel_at < now) {
        peer *due = wheel[++wheel_at % SLOTS];
        wheel[wheel_at % SLOTS] = NULL;
        while (due) {
            peer *next = due->next;
            due->next = NULL;
            tick(due, wheel_at);
            if (due->closed) drop(due);
            due = next;
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    first_us = malloc(TRUTHS * sizeof *first_us);
    total_us = malloc(TRUTHS * sizeof *total_us);
    int port = atoi(argv[1]);
    if (argc > 2) token_count = atoi(argv[2]);
    if (argc > 3) gap_ms = atoi(argv[3]);
    if (argc > 4) first_ms = atoi(argv[4]);
    json_length = (size_t)snprintf(json_answer, sizeof json_answer,
        "{\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"mock\","
        "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%.*s\"},\"logprobs\":null,"
        "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":64,\"total_tokens\":74}}",
        320, "Squat, press and row: three sets of eight, two minutes of rest. Walk for twenty minutes on the days "
        "without training. Write down weight and repetitions, so that progress is a fact and not a feeling. Add the "
        "smallest plate once every set felt controlled. Keep one day between two sessions for the same muscles. Sleep.");
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_TIMERSLACK, 1000);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 1024)) { perror("bind"); return 1; }
    epoll = epoll_create1(0);
    struct epoll_event ready[BATCH], e = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e);
    wheel_at = now_ms();
    for (;;) {
        int n = epoll_wait(epoll, ready, BATCH, streams ? 1 : 50);
        for (int i = 0; i < n; i++) {
            peer *p = ready[i].data.ptr;
            if (!p) {
                int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
                if (fd < 0) continue;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                p = calloc(1, sizeof *p);
                p->fd = fd;
                p->sent = -1;
                struct epoll_event x = {.events = EPOLLIN, .data.ptr = p};
                epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &x);
                continue;
            }
            on_ready(p, ready[i].events);
            if (p->closed) drop(p);
        }
        turn_wheel(now_ms());
    }
}

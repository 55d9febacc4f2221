/* The bare fan-out: the least that a hall can do in which everybody hears everything. One thread, raw epoll.
 * Every frame that anybody sends becomes one shared frame, which is queued for each member, and after the
 * events of one wait each member's queue is written by one writev. So it does what the server's fan-out does,
 * and stores nothing, checks nothing and trusts everybody: every frame is masked, whole, below 64 KiB and
 * well-formed, and every member reads in time. The frame has the server's fields, so that it is of its size.
 * See README.md beside it. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "listen.h"

enum { MEMBERS = 65536, QUEUE = 64, EVENTS = 1024, ROOM = 65536 };

struct frame { int users; size_t size; char bytes[]; };
struct member { int socket, count, upgraded; struct frame *queue[QUEUE]; };

static struct member *member_of[MEMBERS];    /* by socket */
static struct member *all[MEMBERS];
static int members;
static char in[ROOM];

static void release(struct frame *f) {
    if (!--f->users) free(f);
}

/* Writes what is queued for a member. */
static void flush(struct member *m) {
    struct iovec parts[QUEUE];
    for (int i = 0; i < m->count; i++) {
        parts[i].iov_base = m->queue[i]->bytes;
        parts[i].iov_len = m->queue[i]->size;
    }
    if (m->count && writev(m->socket, parts, m->count) < 0) perror("fan: writev");
    for (int i = 0; i < m->count; i++) release(m->queue[i]);
    m->count = 0;
}

/* One frame at p: unmask it, and queue what it says for everybody. Returns where the next begins. */
static char *hear(char *p) {
    size_t n = p[1] & 127;
    char *mask = p + 2;
    if (n == 126) {
        n = (size_t)((uint8_t)p[2] << 8 | (uint8_t)p[3]);
        mask = p + 4;
    }
    char *text = mask + 4, *end = text + n;
    for (size_t i = 0; i < n; i++) text[i] ^= mask[i & 3];
    char *said = memmem(text, n, "\"content\":\"", 11);
    if (!said) return end;                   /* it asks who is online */
    said += 11;
    size_t length = (size_t)((char *)memchr(said, '"', (size_t)(end - said)) - said);
    struct frame *f = malloc(sizeof *f + length + 256);
    char *q = f->bytes + 4;                  /* its payload takes 126 to 65,535 bytes */
    q = stpcpy(q, "{\"type\":\"chat\",\"content\":\"");
    q = mempcpy(q, said, length);
    q = stpcpy(q, "\",\"sender\":\"person 000000\",\"timestamp\":\"2026-01-01T00:00:00.000Z\","
                  "\"is_global\":true,\"recipient\":null}");
    size_t payload = (size_t)(q - f->bytes) - 4;
    memcpy(f->bytes, (char[]){(char)0x81, 126, (char)(payload >> 8), (char)payload}, 4);
    f->size = payload + 4;
    f->users = 1;
    for (int i = 0; i < members; i++) {
        struct member *m = all[i];
        if (m->count == QUEUE) flush(m);
        m->queue[m->count++] = f;
        f->users++;
    }
    release(f);
    return end;
}

static void welcome(int poll, int s) {
    struct member *m = calloc(1, sizeof *m);
    m->socket = s;
    member_of[s] = m;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = s};
    epoll_ctl(poll, EPOLL_CTL_ADD, s, &event);
}

static void upgrade(struct member *m) {
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\nSec-WebSocket-Accept: trust me\r\n\r\n";
    send(m->socket, answer, sizeof answer - 1, MSG_NOSIGNAL);
    m->upgraded = 1;
    all[members++] = m;
}

int main(void) {
    int listener = open_listener("fan");
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int s = events[i].data.fd;
            if (s == listener) {
                while ((s = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) welcome(poll, s);
                continue;
            }
            ssize_t n = recv(s, in, ROOM, 0);
            if (n <= 0) {
                if (member_of[s]->upgraded) exit(0);     /* a scenario ends when its members go */
                free(member_of[s]);
                close(s);
            } else if (!member_of[s]->upgraded) upgrade(member_of[s]);
            else for (char *p = in; p < in + n;) p = hear(p);
        }
        for (int i = 0; i < members; i++) flush(all[i]);
    }
}

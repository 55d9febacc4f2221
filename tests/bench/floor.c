/* The floor: the least that a relay of this protocol can do. One thread, raw epoll, one recv and one
 * send a message. It trusts its clients completely: every frame is masked, whole, below 64 KiB and
 * well-formed; every number lies between BASE and BASE + PEOPLE; nobody is slow, nobody is a stranger.
 * No allocation, no JSON parser, no limits, no presence, no timers, no checks of any kind.
 *
 * What the server needs beyond this, it needs for what it does beyond this. See README.md beside it. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen.h"

enum { BASE = 1000000000, PEOPLE = 65536, EVENTS = 1024, ROOM = 65536 };

static int socket_of[PEOPLE];                /* by number */
static char number_of[PEOPLE][10];           /* by socket; the first byte is 0 before the upgrade */
static char in[ROOM], out[ROOM + 64];

/* Puts a text frame's header before a payload of n bytes that begins at out + 4. */
static char *frame(size_t n, size_t *size) {
    char *head = n < 126 ? out + 2 : out;
    head[0] = (char)0x81;
    if (n < 126) {
        head[1] = (char)n;
    } else {
        head[1] = 126;
        head[2] = (char)(n >> 8);
        head[3] = (char)n;
    }
    *size = n + (size_t)(out + 4 - head);
    return head;
}

static void upgrade(int s) {
    char *number = strstr(in, "/ws/") + 4;
    memcpy(number_of[s], number, 10);
    socket_of[atoi(number) - BASE] = s;
    size_t size, head = 0;
    size_t n = (size_t)sprintf(out + 4, "{\"type\":\"online_users\",\"users\":[\"%.10s\"]}", number);
    char *list = frame(n, &size);
    head = (size_t)sprintf(in, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nSec-WebSocket-Accept: trust me\r\n\r\n");
    memcpy(in + head, list, size);
    send(s, in, head + size, MSG_NOSIGNAL);
}

/* One frame at p: unmask it, and if it is a message, pass it on. Returns where the next begins. */
static char *relay(int s, char *p) {
    size_t n = p[1] & 127;
    char *mask = p + 2;
    if (n == 126) {
        n = (size_t)((uint8_t)p[2] << 8 | (uint8_t)p[3]);
        mask = p + 4;
    }
    char *text = mask + 4, *end = text + n;
    uint64_t key = 0, word;
    memcpy(&key, mask, 4);
    key |= key << 32;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&word, text + i, 8);
        word ^= key;
        memcpy(text + i, &word, 8);
    }
    for (; i < n; i++) text[i] ^= mask[i & 3];

    char *to = memmem(text, n, "\"to\":\"", 6);
    if (!to) return end;                     /* a ping: clients of the bench do not wait for a pong */
    to += 6;
    char *said = memmem(to, (size_t)(end - to), "\"text\":\"", 8) + 8;
    size_t length = (size_t)(end - 2 - said), size;
    char *q = stpcpy(out + 4, "{\"type\":\"message\",\"from\":\"");
    q = mempcpy(q, number_of[s], 10);
    q = stpcpy(q, "\",\"text\":\"");
    q = mempcpy(q, said, length);
    q = stpcpy(q, "\"}");
    int number = 0;
    for (i = 0; i < 10; i++) number = number * 10 + (to[i] - '0');
    char *head = frame((size_t)(q - out - 4), &size);
    send(socket_of[number - BASE], head, size, MSG_NOSIGNAL);
    return end;
}

int main(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int listener = open_listener("floor");
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int s = events[i].data.fd;
            if (s == listener) {
                event.events = EPOLLIN | EPOLLET;            /* told once: each read takes it all */
                while ((s = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    event.data.fd = s;
                    epoll_ctl(poll, EPOLL_CTL_ADD, s, &event);
                }
                continue;
            }
            ssize_t n = recv(s, in, ROOM - 1, 0);
            if (n <= 0) {
                number_of[s][0] = 0;
                close(s);
            } else if (!number_of[s][0]) {
                in[n] = 0;
                upgrade(s);
            } else {
                for (char *p = in; p < in + n;) p = relay(s, p);
            }
        }
    }
}

/* What the floor and the fan-out begin with: a listener on a free port of the loopback, whose address is said
 * on stderr. It is not blocking, and those whom it accepts delay no small packet. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

static int open_listener(const char *name) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);   /* inherited by those accepted */
    bind(listener, (struct sockaddr *)&address, size);
    listen(listener, 4096);
    getsockname(listener, (struct sockaddr *)&address, &size);
    fprintf(stderr, "%s: listening on http://127.0.0.1:%d\n", name, ntohs(address.sin_port));
    return listener;
}

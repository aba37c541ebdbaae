/*
 * What is said between nexus-fetch and those it calls for: one call a connection of a unix socket. A message
 * is its length and fields one after the other; both sides are the same build on the same host.
 */
#ifndef NEXUS_FETCH_WIRE_H
#define NEXUS_FETCH_WIRE_H

#include "fetch/fetch.h"

#define WIRE_MAX (FETCH_BODY_MAX + 64 * 1024)

struct wire_call {
    struct fetch ask; /* its file is a descriptor of the reader's own */
    const char *issuer, *ca;
    int64_t timeout_us;
};

/* False with `out` of no use when the message does not fit. */
bool wire_put_call(struct buf *out, const struct wire_call *call);
bool wire_put_answer(struct buf *out, const struct fetched *answer, bool busy);

/* Texts point into the message, which must live as long. False: it is no such message. */
bool wire_get_call(struct str message, struct wire_call *out);
bool wire_get_answer(struct str message, struct fetched *out, bool *busy);

/* Whole messages over the socket; `fd` 0: none goes along. False when the peer is gone or the time is over.
 */
bool wire_send(int socket, const struct buf *message, int fd);
/* The message is in the arena. *fd: a descriptor that came along, 0: none; the caller closes it. */
bool wire_receive(int socket, struct arena *a, struct str *message, int *fd);

#endif

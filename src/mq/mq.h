/*
 * RabbitMQ: one connection a process, with everything bounded in time. The queues are ours and declared at
 * each connection: quorum queues, one a priority, which refuse what they have no room for, and hand what was
 * delivered too often over to a queue of dead messages.
 *
 * Messages are persistent and mandatory; nothing counts as published before the broker has confirmed it. What
 * a consumer has taken is acknowledged by it after its commit. After a failure the connection is closed; the
 * next mq_open makes another one.
 */
#ifndef NEXUS_MQ_MQ_H
#define NEXUS_MQ_MQ_H

#include "base/err.h"
#include "base/options.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By priority; the last one is of dead messages. */
enum mq_queue { MQ_URGENT, MQ_NORMAL, MQ_BULK, MQ_DEAD, MQ_QUEUES };
const char *mq_queue_name(enum mq_queue q); /* "nexus.jobs.urgent" */

struct mq;
/* Connects to nothing. `o` is borrowed; its option broker is not empty. */
struct mq *mq_create(const struct options *o);
void mq_free(struct mq *mq);
/* NULL, or what is wrong with the options of the broker. */
const char *mq_wrong(const struct options *o);

/* Connected with the queues declared, at once when it is already. False with mq_error. */
bool mq_open(struct mq *mq);
void mq_close(struct mq *mq);
bool mq_is_open(const struct mq *mq);
/* Of the last failure, one line. */
const char *mq_error(const struct mq *mq);

struct mq_out {
    enum mq_queue queue;
    const char *id; /* message id */
    const char *type;
    struct str body;
};
enum mq_fate { MQ_UNKNOWN, MQ_CONFIRMED, MQ_REFUSED, MQ_UNROUTABLE };
/*
 * Publish all of them and wait for what the broker says of each. fates[] has an answer for each; unknown ones
 * may have been published. False when the connection was lost or the time was over. At most MQ_BATCH_MAX.
 */
#define MQ_BATCH_MAX 500
bool mq_publish(struct mq *mq, const struct mq_out *out, size_t n, enum mq_fate *fates);
/* Messages that are ready in the queues of work together; -1 after a failure. */
int64_t mq_depth(struct mq *mq);

struct mq_in {
    uint64_t tag;
    char id[64]; /* message id, cut to size; "" when it has none */
};
/* Consume the queues of work, the bulk one only when asked for. */
bool mq_consume(struct mq *mq, bool bulk, unsigned prefetch);
/* The next message within so long. False when there is none, or after a failure, when mq_is_open is false. */
bool mq_next(struct mq *mq, int64_t wait_us, struct mq_in *in);
bool mq_ack(struct mq *mq, uint64_t tag);
/* A dead message, which is gone from its queue then. */
bool mq_take_dead(struct mq *mq, struct mq_in *in);

#endif

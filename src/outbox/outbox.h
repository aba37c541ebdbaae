/*
 * What has to leave the system because of a change: mails, and events for others. A row is written in the
 * change's own transaction, so that it is there exactly when the change is; a relay sends it later.
 *
 * A mail is named by the topic of its template; what the template needs is in the fields. `nexusctl outbox
 * list` shows what waits.
 */
#ifndef NEXUS_OUTBOX_OUTBOX_H
#define NEXUS_OUTBOX_OUTBOX_H

#include "http/request.h"

struct outbox_field {
    const char *name; /* literal, snake_case */
    struct str value; /* absent: null */
};

/*
 * Add the statement to the op's batch (write_batch). Topic is a literal, "account.verify_email"; `to` is one
 * address. Texts must live until the batch has run, the array need not.
 */
void outbox_add_mail(struct request *rq, struct db_batch *b, const char *topic, struct str to,
                     const struct outbox_field *fields, size_t n);
/* The same for an event, which goes to whoever has asked for its topic. */
void outbox_add_event(struct request *rq, struct db_batch *b, const char *topic,
                      const struct outbox_field *fields, size_t n);

/* The fields as a JSON object in the arena, for statements that decide by themselves what they write into the
 * outbox. */
struct str outbox_payload(struct arena *a, const struct outbox_field *fields, size_t n);

#endif

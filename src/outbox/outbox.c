/* Rows of the outbox. */
#include "outbox/outbox.h"

#include "db/queries.h"
#include "json/write.h"

#include <stdlib.h>

#define PAYLOAD_MAX 8192

struct str outbox_payload(struct arena *a, const struct outbox_field *fields, size_t n)
{
    struct buf text;
    buf_init(&text, PAYLOAD_MAX);
    struct json_writer w = json_write_start(&text);
    json_write_object(&w);
    for (size_t i = 0; i < n; i++) {
        json_write_key(&w, str_from(fields[i].name));
        json_write_str(&w, fields[i].value);
    }
    json_write_object_end(&w);
    if (text.overflow) { /* what goes into a mail is bounded by the shapes of the ops */
        abort();
    }
    struct str payload = arena_str(a, buf_str(&text));
    buf_free(&text);
    return payload;
}

void outbox_add_mail(struct request *rq, struct db_batch *b, const char *topic, struct str to,
                     const struct outbox_field *fields, size_t n)
{
    (void)DB_ADD(b, &q_outbox_mail, db_text(str_from(topic)), db_text(to),
                 db_text(outbox_payload(rq->arena, fields, n)));
}

void outbox_add_event(struct request *rq, struct db_batch *b, const char *topic,
                      const struct outbox_field *fields, size_t n)
{
    (void)DB_ADD(b, &q_outbox_event, db_text(str_from(topic)), db_text(outbox_payload(rq->arena, fields, n)));
}

/*
 * Outgoing webhooks: events (event/event.h) sent to endpoints of users, signed as Standard Webhooks 1.0 says.
 *
 * A delivery is a row per endpoint and event, made where events get their numbers. The job webhook-deliver
 * works on one endpoint at a time, in the order of numbers; an event waits while an earlier one of the same
 * subject does. At least once: what was sent and not recorded is sent again, under the same webhook-id.
 */
#ifndef NEXUS_WEBHOOK_WEBHOOK_H
#define NEXUS_WEBHOOK_WEBHOOK_H

#include "audit/audit.h"
#include "http/op.h"
#include "query/entity.h"
#include "json/shape.h"

extern const struct entity entity_webhook_endpoint, entity_webhook_delivery;
extern const struct op op_webhook_endpoint_create, op_webhook_endpoint_list, op_webhook_endpoint_read,
    op_webhook_endpoint_update, op_webhook_endpoint_delete, op_webhook_endpoint_secret,
    op_webhook_endpoint_test, op_webhook_endpoint_replay, op_webhook_delivery_list;

#define WEBHOOK_URL_MAX         2000
#define WEBHOOK_DESCRIPTION_MAX 200
#define WEBHOOK_TYPES_MAX       64
#define WEBHOOK_SECRET_BYTES    32

/* Only a path parameter. */
struct webhook_id_in {
    struct shape_seen seen;
    struct uuid id;
};
extern const struct shape webhook_id_shape;

/* What is said of an endpoint that is made or changed. */
struct webhook_endpoint_in {
    struct shape_seen seen;
    struct str url, description;
    struct shape_list types; /* of int: indexes of event_types */
    struct uuid id;
    int status; /* of webhook_settable */
};
enum { WEBHOOK_URL, WEBHOOK_DESCRIPTION, WEBHOOK_TYPES, WEBHOOK_ID, WEBHOOK_STATUS };
extern const struct shape webhook_create_shape, webhook_update_shape;
extern const char *const webhook_settable[]; /* "enabled", "disabled" */

/* The one time a secret is shown: {"id", "secret"}. */
extern const struct shape webhook_secret_shape;
/* A new secret: as it is shown, and as it is kept. */
struct webhook_secret {
    struct str shown, sealed;
};
struct webhook_secret webhook_secret_make(struct request *rq, const struct uuid *endpoint);
void webhook_secret_write(struct request *rq, const struct uuid *endpoint, struct str shown);
bool webhook_secret_open(struct request *rq, const struct uuid *endpoint, struct str sealed, struct str *key);

/* The types as the database wants them; null when they are not given. */
struct db_param webhook_types_param(struct arena *a, const struct webhook_endpoint_in *in, bool given);
/* Whether a URL may be called; else recorded, by pointer. */
enum err webhook_check_url(struct request *rq, struct str url) MUST_CHECK;

/* What is written to an endpoint, or was: members for the audit log; the URL may open something and is never
 * there. Absent texts are left out. */
const char *webhook_audit_members(struct request *rq, struct str status, struct str types, bool other_url);
/* The types with commas between, "all" for none. */
struct str webhook_types_text(struct arena *a, const struct webhook_endpoint_in *in);
/*
 * A statement about one endpoint that gives a row when there was one, and its entry: ERR_NOT_FOUND, recorded,
 * else. *replayed as in write_run.
 */
enum err webhook_change(struct request *rq, const struct db_statement *s, const struct db_param *params,
                        int count, enum audit_action action, bool *replayed) MUST_CHECK;

/* The header webhook-signature of one secret: "v1,...". `id` and `seconds` as in the other headers. */
struct str webhook_sign(struct arena *a, struct str key, struct str id, int64_t seconds, struct str body);

/* Pause after so many attempts, a quarter more or less by `dice`; microseconds. */
int64_t webhook_pause_us(int attempts, unsigned char dice);

#endif

/* Endpoints of webhooks and what was sent to them, as their owner reads them. */
#include "webhook/webhook.h"

#include "event/event.h"
#include "query/plan.h"

static const char *const endpoint_states[] = { "enabled", "disabled", "gone", NULL };
static const char *const delivery_states[] = { "waiting", "delivered", "failed", "cancelled", NULL };

static const struct personal address = { "Where a user wants to be told of events.", "until it is removed",
                                         "deleted with the account" };

static const struct field endpoint_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the endpoint." },
    { "url", FIELD_TEXT, "{t}.url", NULL, 0, NULL, PERM_PUBLIC, &address, "Where webhooks are sent." },
    { "description", FIELD_TEXT, "{t}.description", NULL, 0, NULL, PERM_PUBLIC, &address, "What it is for." },
    { "types", FIELD_TEXTS, "{t}.types", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Types of events that are sent; none stands for all." },
    { "status", FIELD_ENUM, "{t}.status", NULL, 0, endpoint_states, PERM_PUBLIC, NULL,
      "gone: it has answered 410, and is not called until it is enabled again." },
    { "failures", FIELD_INT, "{t}.failures", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Attempts that failed since the last that did not." },
    { "paused_until", FIELD_TIME, "{t}.open_until", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "After too many failures nothing is tried before." },
    { "old_secret_until", FIELD_TIME, "{t}.old_until", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Until when the secret before this one signs, too." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When it was made." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

/* One's own. The id is copied as plans outlive changes of the principal. */
static void endpoint_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    struct uuid *me = ARENA_NEW(plan_arena(b), struct uuid);
    *me = who->user;
    if (who->known) {
        plan_sql(b, " and %s.user_id = $%d", alias, plan_param(b, db_uuid(me)));
    } else {
        plan_sql(b, " and false");
    }
}

const struct entity entity_webhook_endpoint = {
    .name = "webhook_endpoint",
    .type = "WebhookEndpoint",
    .plural = "webhook_endpoints",
    .table = "webhook_endpoints",
    .key = "id",
    .version = "{t}.version",
    .fields = endpoint_fields,
    .field_count = sizeof(endpoint_fields) / sizeof(endpoint_fields[0]),
    .default_sort = "-created_at",
    .scope = endpoint_scope,
    .doc = "A URL that is told of events.",
};

static const struct shape_field attempt_fields[] = {
    { .name = "at",
      .type = SHAPE_STRING,
      .flags = SHAPE_REQUIRED,
      .max = 40,
      .doc = "When.",
      .example = "\"2027-05-04T12:00:00Z\"" },
    { .name = "http_status",
      .type = SHAPE_INT,
      .min = 100,
      .max = 999,
      .doc = "What it was answered.",
      .example = "204" },
    { .name = "error",
      .type = SHAPE_STRING,
      .max = 100,
      .doc = "Why there was no answer.",
      .example = "\"The server cannot be reached.\"" },
    { .name = "milliseconds",
      .type = SHAPE_INT,
      .flags = SHAPE_REQUIRED,
      .min = 0,
      .max = 1000000,
      .doc = "How long it took.",
      .example = "85" },
};
static const struct shape attempt_shape = { .name = "WebhookAttempt",
                                            .fields = attempt_fields,
                                            .count = SHAPE_COUNT(attempt_fields),
                                            .doc = "One attempt." };
static const struct shape_field attempt_item = { .type = SHAPE_OBJECT, .sub = &attempt_shape };
static const struct shape_field attempts_value = { .type = SHAPE_LIST, .item = &attempt_item };
static const struct field_json delivery_json[] = { { "log", &attempts_value }, { NULL, NULL } };

static const struct field delivery_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the delivery." },
    { "number", FIELD_INT, "{t}.number", NULL, 0, NULL, PERM_PUBLIC, NULL, "Number of the event." },
    { "type", FIELD_ENUM, "{t}.type", NULL, 0, event_types, PERM_PUBLIC, NULL, "Type of the event." },
    { "subject", FIELD_UUID, "{t}.subject", NULL, 0, NULL, PERM_PUBLIC, NULL, "What the event is about." },
    { "status", FIELD_ENUM, "{t}.status", NULL, 0, delivery_states, PERM_PUBLIC, NULL,
      "failed: given up after three days; cancelled: the endpoint was gone." },
    { "attempts", FIELD_INT, "{t}.attempts", NULL, 0, NULL, PERM_PUBLIC, NULL, "How often it was tried." },
    { "http_status", FIELD_INT, "{t}.http_status", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "What the last attempt was answered; null: nothing." },
    { "log", FIELD_JSON, "{t}.log", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "The last attempts: at, http_status, error, milliseconds." },
    { "next_at", FIELD_TIME, "case when {t}.status = 'waiting' then {t}.next_at end", NULL, FIELD_NULLABLE,
      NULL, PERM_PUBLIC, NULL, "When it is tried next, at the earliest." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When it was to be delivered first." },
    { "finished_at", FIELD_TIME, "{t}.finished_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "When it was over." },
};

static void delivery_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    struct uuid *me = ARENA_NEW(plan_arena(b), struct uuid);
    *me = who->user;
    if (who->known) {
        plan_sql(b,
                 " and exists (select from webhook_endpoints we where we.id = %s.endpoint_id and we.user_id "
                 "= $%d)",
                 alias, plan_param(b, db_uuid(me)));
    } else {
        plan_sql(b, " and false");
    }
}

const struct entity entity_webhook_delivery = {
    .name = "webhook_delivery",
    .type = "WebhookDelivery",
    .plural = "webhook_deliveries",
    .table = "webhook_deliveries",
    .key = "id",
    .fields = delivery_fields,
    .field_count = sizeof(delivery_fields) / sizeof(delivery_fields[0]),
    .json = delivery_json,
    .default_sort = "-created_at",
    .scope = delivery_scope,
    .doc = "An event on its way to an endpoint.",
};

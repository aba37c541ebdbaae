/* The log, blocks and flags as they are read. */
#include "tracking/tracking.h"

#include "query/plan.h"

static const struct personal where_from = { "Finds abuse, and who has to answer for it.",
                                            "request_log_addresses; a pseudonym until request_log_lifetime",
                                            "left to the retention: it is not kept for long" };
static const struct personal who_asked = { "Finds abuse, and who has to answer for it.",
                                           "request_log_lifetime",
                                           "kept; the account behind it is made anonymous" };
static const struct personal blocked = { "Keeps abuse out.", "until the block is removed", "kept" };

static const char *const methods[] = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "?", NULL
};

#define PSEUDONYM_DOC "Stands for the address once that is no longer kept: the same for the same address."

static const struct field request_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "The request's id, as in X-Request-Id." },
    { "at", FIELD_TIME, "{t}.at", NULL, FIELD_FILTER | FIELD_SORT, NULL, PERM_PUBLIC, NULL, "When." },
    { "address", FIELD_TEXT, "host({t}.address)", NULL, FIELD_FILTER | FIELD_NULLABLE, NULL, PERM_PUBLIC,
      &where_from, "From which address; null when it is a pseudonym by now." },
    { "pseudonym", FIELD_TEXT, "{t}.pseudonym", NULL, FIELD_FILTER | FIELD_NULLABLE, NULL, PERM_PUBLIC,
      &where_from, PSEUDONYM_DOC },
    { "user_id", FIELD_UUID, "{t}.user_id", NULL, FIELD_FILTER | FIELD_NULLABLE, NULL, PERM_PUBLIC,
      &who_asked, "Whose token was sent." },
    { "method", FIELD_ENUM, "{t}.method", NULL, 0, methods, PERM_PUBLIC, NULL, "How." },
    { "path", FIELD_TEXT, "{t}.path", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "What was asked for, without query and at most 190 bytes." },
    { "status", FIELD_INT, "{t}.status", NULL, 0, NULL, PERM_PUBLIC, NULL, "What was answered." },
    { "op", FIELD_TEXT, "{t}.op", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Operation; null: there is no such path." },
    { "country", FIELD_TEXT, "{t}.country", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &where_from,
      "ISO 3166-1 country of the address, where that is known." },
    { "city", FIELD_TEXT, "{t}.city", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &where_from,
      "City of the address, where that is known." },
};

static const struct field block_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the block." },
    { "network", FIELD_TEXT, "{t}.network::text", NULL, 0, NULL, PERM_PUBLIC, &blocked,
      "Network that is answered 403; /32 or /128 is one address." },
    { "reason", FIELD_TEXT, "{t}.reason", NULL, 0, NULL, PERM_PUBLIC, NULL, "Why." },
    { "expires_at", FIELD_TIME, "{t}.expires_at", NULL, FIELD_FILTER | FIELD_NULLABLE, NULL, PERM_PUBLIC,
      NULL, "When it ends; null: when it is removed." },
    { "created_by", FIELD_UUID, "{t}.created_by", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Who made it; null: it was made in the server's shell." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_FILTER | FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When it was made." },
};

static const struct field flag_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the flag." },
    { "hour", FIELD_TIME, "{t}.hour", NULL, FIELD_FILTER | FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "Beginning of the hour it is about." },
    { "address", FIELD_TEXT, "host({t}.address)", NULL, FIELD_FILTER | FIELD_NULLABLE, NULL, PERM_PUBLIC,
      &where_from, "Which address; null when it is a pseudonym by now." },
    { "pseudonym", FIELD_TEXT, "{t}.pseudonym", NULL, FIELD_FILTER | FIELD_NULLABLE, NULL, PERM_PUBLIC,
      &where_from, PSEUDONYM_DOC },
    { "reasons", FIELD_TEXTS, "{t}.reasons", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "requests: more than flag_requests; admin_path, login_path: such a path was asked for." },
    { "requests", FIELD_INT, "{t}.requests", NULL, 0, NULL, PERM_PUBLIC, NULL, "How many requests." },
    { "admin_requests", FIELD_INT, "{t}.admin_requests", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "How many for paths of administration." },
    { "login_requests", FIELD_INT, "{t}.login_requests", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "How many for paths where one logs in." },
    { "refused", FIELD_INT, "{t}.refused", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "How many were answered 400 to 499." },
    { "users", FIELD_INT, "{t}.users", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Tokens of how many accounts were sent." },
    { "country", FIELD_TEXT, "{t}.country", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &where_from,
      "ISO 3166-1 country of the address, where that is known." },
    { "first_at", FIELD_TIME, "{t}.first_at", NULL, 0, NULL, PERM_PUBLIC, NULL, "The first request." },
    { "last_at", FIELD_TIME, "{t}.last_at", NULL, 0, NULL, PERM_PUBLIC, NULL, "The last one." },
};

static void needs(struct plan_builder *b, const struct principal *who, enum perm perm)
{
    if (!perm_has(who->perms, perm)) {
        plan_sql(b, " and false");
    }
}

static void tracking_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    (void)alias;
    needs(b, who, PERM_TRACKING_READ);
}

static void block_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    (void)alias;
    needs(b, who, PERM_BLOCK_MANAGE);
}

const struct entity entity_logged_request = {
    .name = "logged_request",
    .type = "LoggedRequest",
    .plural = "logged_requests",
    .table = "request_log",
    .key = "id",
    .fields = request_fields,
    .field_count = sizeof(request_fields) / sizeof(request_fields[0]),
    .default_sort = "-at",
    .scope = tracking_scope,
    .doc = "A request that was answered.",
};

const struct entity entity_address_block = {
    .name = "address_block",
    .type = "AddressBlock",
    .plural = "address_blocks",
    .table = "address_blocks",
    .key = "id",
    .fields = block_fields,
    .field_count = sizeof(block_fields) / sizeof(block_fields[0]),
    .default_sort = "-created_at",
    .scope = block_scope,
    .doc = "A network that gets no answer.",
};

const struct entity entity_address_flag = {
    .name = "address_flag",
    .type = "AddressFlag",
    .plural = "address_flags",
    .table = "address_flags",
    .key = "id",
    .fields = flag_fields,
    .field_count = sizeof(flag_fields) / sizeof(flag_fields[0]),
    .default_sort = "-hour",
    .scope = tracking_scope,
    .doc = "What an address did in one hour that is worth a look.",
};

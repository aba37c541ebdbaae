/* Payouts as they are read. */
#include "account/account.h"
#include "ledger/ledger.h"
#include "query/plan.h"

static const struct personal payee = { "Says who was paid.", "ten years, for accounts",
                                       "kept; the account behind it is made anonymous" };
static const struct personal money = { "Says what a person was paid.", "ten years, for accounts",
                                       "kept without a person behind it" };

static const char *const statuses[] = { "pending", "paid", NULL };

static const struct field fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the payout." },
    { "payee_id", FIELD_UUID, "{t}.payee_id", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, &payee,
      "Host or co-host who is paid." },
    { "status", FIELD_ENUM, "{t}.status", NULL, FIELD_FILTER, statuses, PERM_PUBLIC, NULL,
      "pending: to be sent; paid: sent, or with the payee already." },
    { "amount", FIELD_MONEY, "{t}.amount", "{t}.currency", 0, NULL, PERM_PUBLIC, &money,
      "What its items add up to." },
    { "provider", FIELD_TEXT, "{t}.provider", NULL, 0, NULL, PERM_PUBLIC, NULL, "Where the money lay." },
    { "reference", FIELD_TEXT, "{t}.reference", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &money,
      "What the bank says, of payouts sent by hand." },
    { "paid_at", FIELD_TIME, "{t}.paid_at", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "When it was paid." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL,
      "When it was made." },
    { "updated_at", FIELD_TIME, "{t}.updated_at", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "When it was last changed." },
};

static const struct edge edges[] = {
    { "payee", EDGE_ONE, &entity_user_public, "{t}.id = {p}.payee_id", NULL, 0, false, "Who is paid." },
};

/* One's own, or all. */
static void payout_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (!(who->perms & (PERM_BIT(PERM_LEDGER_READ) | PERM_BIT(PERM_PAYOUT_MANAGE)))) {
        plan_sql(b, " and %s.payee_id = $%d", alias, plan_param(b, db_uuid(&who->user)));
    }
}

const struct entity entity_payout = {
    .name = "payout",
    .type = "Payout",
    .plural = "payouts",
    .table = "payouts",
    .key = "id",
    .version = "{t}.version",
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .edges = edges,
    .edge_count = sizeof(edges) / sizeof(edges[0]),
    .default_sort = "-created_at",
    .scope = payout_scope,
    .doc = "What somebody is paid for stays, in one currency.",
};

static const struct field item_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the item." },
    { "payout_id", FIELD_UUID, "{t}.payout_id", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Payout it is part of." },
    { "booking_id", FIELD_UUID, "{t}.booking_id", NULL, 0, NULL, PERM_PUBLIC, &money,
      "Stay it is paid for." },
    { "amount", FIELD_MONEY, "{t}.amount", "{t}.currency", 0, NULL, PERM_PUBLIC, &money,
      "The payee's part; negative: taken back of what was paid out before." },
    { "created_at", FIELD_TIME, "{t}.created_at", NULL, 0, NULL, PERM_PUBLIC, NULL, "When it fell due." },
};

static void item_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (!perm_has(who->perms, PERM_LEDGER_READ)) {
        plan_sql(b, " and %s.payee_id = $%d", alias, plan_param(b, db_uuid(&who->user)));
    }
}

const struct entity entity_payout_item = {
    .name = "payout_item",
    .type = "PayoutItem",
    .plural = "payout_items",
    .table = "payout_items",
    .key = "id",
    .fields = item_fields,
    .field_count = sizeof(item_fields) / sizeof(item_fields[0]),
    .scope = item_scope,
    .doc = "What one stay adds to a payout.",
};

/* The ledger as it is read: accounts with their balance, and the entries that made it. */
#include "ledger/ledger.h"

#include "query/plan.h"

const char *const ledger_kinds[] = { "sale",          "change", "reversal", "capture", "refund",
                                     "refund_failed", "split",  "payout",   NULL };
const char *const ledger_account_kinds[] = {
    "guest", "host", "platform", "tax", "provider", "deposit", NULL
};

static const struct personal holder = { "Says who is owed, or owes, money.", "ten years, for accounts",
                                        "kept; the account behind it is made anonymous" };
static const struct personal money = { "Says what a person paid or was paid.", "ten years, for accounts",
                                       "kept without a person behind it" };

static const struct field account_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the account." },
    { "kind", FIELD_ENUM, "{t}.kind", NULL, FIELD_FILTER, ledger_account_kinds, PERM_PUBLIC, NULL,
      "Whose it is: of a guest or host, of the platform, for taxes that are passed on, at a provider of "
      "payments, "
      "or a deposit." },
    { "holder_id", FIELD_UUID, "{t}.holder_id", NULL, FIELD_FILTER | FIELD_NULLABLE, NULL, PERM_PUBLIC,
      &holder, "The user; null for platform, tax and provider." },
    { "name", FIELD_TEXT, "{t}.name", NULL, 0, NULL, PERM_PUBLIC, NULL, "The provider's name; else empty." },
    { "currency", FIELD_TEXT, "{t}.currency", NULL, FIELD_FILTER, NULL, PERM_PUBLIC, NULL, "ISO 4217." },
    { "balance", FIELD_MONEY, "0::int8", "{t}.currency", FIELD_COMPUTED, NULL, PERM_PUBLIC, &money,
      "Positive: the holder is owed it. Negative: the holder owes it, or keeps it for the marketplace." },
};

/* Own accounts, or all. */
static void account_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (!perm_has(who->perms, PERM_LEDGER_READ)) {
        plan_sql(b, " and %s.holder_id = $%d", alias, plan_param(b, db_uuid(&who->user)));
    }
}

const struct entity entity_ledger_account = {
    .name = "ledger_account",
    .type = "LedgerAccount",
    .plural = "ledger_accounts",
    .table = "ledger_accounts",
    .key = "id",
    .fields = account_fields,
    .field_count = sizeof(account_fields) / sizeof(account_fields[0]),
    .scope = account_scope,
    .doc = "An account of the ledger, in one currency.",
};

static const struct field entry_fields[] = {
    { "id", FIELD_UUID, "{t}.id", NULL, 0, NULL, PERM_PUBLIC, NULL, "Identifies the entry." },
    { "transaction_id", FIELD_UUID, "{t}.transaction_id", NULL, 0, NULL, PERM_PUBLIC, NULL,
      "Transaction it is part of; its entries add up to zero." },
    { "kind", FIELD_ENUM, "{t}t.kind", NULL, 0, ledger_kinds, PERM_PUBLIC, NULL, "What happened." },
    { "booking_id", FIELD_UUID, "{t}.booking_id", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, &money,
      "Booking it is about." },
    { "cause_id", FIELD_UUID, "{t}t.cause_id", NULL, FIELD_NULLABLE, NULL, PERM_PUBLIC, NULL,
      "Payment, refund or payout it tells of." },
    { "account_id", FIELD_UUID, "{t}.account_id", NULL, 0, NULL, PERM_PUBLIC, &holder, "Account it moves." },
    { "account", FIELD_ENUM, "{t}a.kind", NULL, 0, ledger_account_kinds, PERM_PUBLIC, NULL,
      "Kind of that account." },
    { "amount", FIELD_MONEY, "{t}.amount", "{t}.currency", 0, NULL, PERM_PUBLIC, &money,
      "Positive: the holder is owed more, or owes less." },
    { "at", FIELD_TIME, "{t}.at", NULL, FIELD_SORT, NULL, PERM_PUBLIC, NULL, "When it was posted." },
};

/* The array is found once, by the holder's index, and not for each entry. */
static void entry_scope(struct plan_builder *b, const struct principal *who, const char *alias)
{
    if (!perm_has(who->perms, PERM_LEDGER_READ)) {
        plan_sql(
            b,
            " and %s.account_id = any (array(select sa.id from ledger_accounts sa where sa.holder_id = $%d))",
            alias, plan_param(b, db_uuid(&who->user)));
    }
}

const struct entity entity_ledger_entry = {
    .name = "ledger_entry",
    .type = "LedgerEntry",
    .plural = "ledger_entries",
    .table = "ledger_entries",
    .key = "id",
    .from = "join ledger_transactions {t}t on {t}t.id = {t}.transaction_id"
            " join ledger_accounts {t}a on {t}a.id = {t}.account_id",
    .fields = entry_fields,
    .field_count = sizeof(entry_fields) / sizeof(entry_fields[0]),
    .default_sort = "at",
    .scope = entry_scope,
    .doc = "What one transaction moves on one account; never changed and never removed.",
};

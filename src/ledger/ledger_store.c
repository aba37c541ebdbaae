/* The SQL calls of the ledger. */
#include "ledger/ledger.h"

#include "db/queries.h"

#include <stdlib.h>

#define ENTRIES_MAX 64

const char *const ledger_kinds[] = { "sale", "change", "reversal", "capture", "refund", "refund_failed", "payout", NULL };
const char *const ledger_account_kinds[] = {
    "guest", "host", "platform", "tax", "provider", "deposit", NULL
};

/* Nobody is a holder as SQL null, which an array of uuids in binary cannot be made with here; the database
 * takes the nil UUID for it. */
static const struct uuid nobody;

void ledger_add(struct request *rq, struct db_batch *b, enum ledger_kind kind, const struct uuid *booking,
                const struct uuid *cause, struct str currency, const struct ledger_entry *entries, size_t n)
{
    struct str kinds[ENTRIES_MAX], names[ENTRIES_MAX];
    struct uuid holders[ENTRIES_MAX];
    int64_t amounts[ENTRIES_MAX];
    if (n == 0 || n > ENTRIES_MAX) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        kinds[i] = str_from(ledger_account_kinds[entries[i].account]);
        holders[i] = entries[i].holder ? *entries[i].holder : nobody;
        names[i] = str_from(entries[i].name ? entries[i].name : "");
        amounts[i] = entries[i].amount;
    }
    DB_ADD(b, &q_ledger_post, db_text(str_from(ledger_kinds[kind])), db_uuid(booking), db_uuid(cause),
           db_text(currency), db_text_array(rq->arena, kinds, n), db_uuid_array(rq->arena, holders, n),
           db_text_array(rq->arena, names, n), db_int8_array(rq->arena, amounts, n));
}

void ledger_add_reversal(struct request *rq, struct db_batch *b, const struct uuid *booking, int64_t refund)
{
    DB_ADD(b, &q_ledger_reverse, db_uuid(booking), db_int8(rq->arena, refund));
}

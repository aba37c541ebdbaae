/*
 * The ledger: double entry, append only. Transactions say what happened once, their entries move accounts and
 * add up to zero per currency, which the database checks when it commits (constraint ledger_entries_zero).
 *
 * Positive is what the marketplace owes the holder of an account, negative what the holder owes it. A sale is
 * guest -total, host +host_total, platform +platform_total, tax +tax_total; its capture guest +amount,
 * provider -amount; a refund the reverse; the payout host -amount, provider +amount.
 *
 * The ledger follows the facts by triggers, in the same transaction, so that no op can forget it:
 *
 *   a booking becomes confirmed (checked_in, completed, no_show)
 *       sale, from its columns
 *   the total, host_total, platform_total or tax_total of such a booking change
 *       change, by the difference
 *   such a booking becomes cancelled
 *       reversal: of what ledger_add_reversal said in the same transaction, else of everything
 *   payments.captured grows, a refund is done, or has failed after it was done
 *       capture, refund, refund_failed
 *
 * So an op only calls ledger_add_reversal, when a cancelled guest gets back less than everything.
 */
#ifndef NEXUS_LEDGER_LEDGER_H
#define NEXUS_LEDGER_LEDGER_H

#include "http/op.h"
#include "query/entity.h"

/* Accounts as of a time, and what moved them. Everybody sees his own, who has ledger.read all of them. */
extern const struct entity entity_ledger_account, entity_ledger_entry;
extern const struct op op_ledger_booking_list, op_ledger_statement_list, op_ledger_statement_entries;

enum ledger_kind {
    LEDGER_SALE,
    LEDGER_CHANGE,
    LEDGER_REVERSAL,
    LEDGER_CAPTURE,
    LEDGER_REFUND,
    LEDGER_REFUND_FAILED,
    LEDGER_PAYOUT,
    LEDGER_KINDS
};
extern const char *const ledger_kinds[]; /* names as in the database, NULL-terminated */

enum ledger_account_kind {
    LEDGER_GUEST,
    LEDGER_HOST,
    LEDGER_PLATFORM,
    LEDGER_TAX,
    LEDGER_PROVIDER,
    LEDGER_DEPOSIT
};
extern const char *const ledger_account_kinds[];

struct ledger_entry {
    enum ledger_account_kind account;
    const struct uuid *holder; /* of guest, host and deposit; NULL for the others */
    const char *name;          /* of a provider; NULL for the others */
    int64_t amount;            /* minor units; zero is left out */
};

/* Add a transaction to the batch. At least one entry, at most 64; booking and cause may be NULL. What does
 * not add up fails when it commits. */
void ledger_add(struct request *rq, struct db_batch *b, enum ledger_kind kind, const struct uuid *booking,
                const struct uuid *cause, struct str currency, const struct ledger_entry *entries, size_t n);

/*
 * A booking is cancelled in this transaction, before or after this statement, and the guest is owed `refund`
 * (minor units, 0 to the total) of what it was sold for; host, platform and tax give their part each, by
 * largest remainder. Once a booking.
 */
void ledger_add_reversal(struct request *rq, struct db_batch *b, const struct uuid *booking, int64_t refund);

#endif

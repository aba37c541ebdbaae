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
 *       reversal: of its column refund, of everything where that is null
 *   payments.captured grows, a refund is done, or has failed after it was done
 *       capture, refund, refund_failed
 *   a payout is collected with co-hosts, and is paid
 *       split, payout
 */
#ifndef NEXUS_LEDGER_LEDGER_H
#define NEXUS_LEDGER_LEDGER_H

#include "http/op.h"
#include "query/entity.h"

/* Accounts as of a time, and what moved them. Everybody sees his own, who has ledger.read all of them. */
extern const struct entity entity_ledger_account, entity_ledger_entry;
extern const struct op op_ledger_booking_list, op_ledger_statement_list, op_ledger_statement_entries;

/* What a list of entries or items belongs to. */
enum ledger_owner { LEDGER_OF_BOOKING, LEDGER_OF_ACCOUNT, LEDGER_OF_PAYOUT };
/* ERR_NOT_FOUND, recorded, unless the principal may see it. */
enum err ledger_owner_visible(struct request *rq, enum ledger_owner owner, const struct uuid *id) MUST_CHECK;

extern const char *const ledger_kinds[]; /* names as in the database, NULL-terminated */
extern const char *const ledger_account_kinds[];

/* What a host or co-host is paid, and for which stays. */
extern const struct entity entity_payout, entity_payout_item;
extern const struct op op_payout_list, op_payout_read, op_payout_items, op_payout_pay;

#endif

/* What must hold of the ledger, each as a query for what does not. */
#include "ctl/ledger_checks.h"

#include <stddef.h>

#define SOLD "('confirmed', 'checked_in', 'completed', 'no_show')"

/* Not the functions of the migration: whoever can edit rows can edit functions too. */
const struct ledger_check ledger_checks[] = {
    { "unbalanced", "entries of a transaction do not add up to zero",
      "select transaction_id::text, 'adds up to ' || sum(amount) || ' ' || currency from ledger_entries"
      " group by transaction_id, currency having sum(amount) <> 0 order by 1" },
    { "stray_entry", "an entry belongs to no transaction or account, or differs from it",
      "select e.id::text, 'of transaction ' || e.transaction_id || ' and account ' || e.account_id"
      " from ledger_entries e left join ledger_transactions t on t.id = e.transaction_id"
      " left join ledger_accounts a on a.id = e.account_id"
      " where t.id is null or a.id is null or a.currency <> e.currency or t.at <> e.at"
      " or t.booking_id is distinct from e.booking_id order by 1" },
    { "no_sale", "a booking that is owed for was never posted",
      "select b.id::text, b.status || ', ' || b.total || ' ' || b.currency from bookings b where b.status "
      "in " SOLD " and not exists (select from ledger_transactions t where t.booking_id = b.id and t.kind = "
      "'sale') order by 1" },
    { "sale_twice", "a booking was sold, or cancelled, more than once",
      "select booking_id::text, count(*) || ' times ' || kind from ledger_transactions"
      " where kind in ('sale', 'reversal') group by booking_id, kind having count(*) > 1 order by 1" },
    { "sale_without_booking", "what was sold is no booking that is owed for",
      "select t.id::text, coalesce('booking ' || b.id || ' is ' || b.status, 'no booking') from "
      "ledger_transactions t"
      " left join bookings b on b.id = t.booking_id where t.kind = 'sale'"
      " and (b.id is null or b.status not in " SOLD " and b.status <> 'cancelled') order by 1" },
    { "wrong_amount", "the sale and its changes are not what the booking says",
      "select b.id::text, a.kind || ': booking says ' || want.amount || ', ledger ' || "
      "coalesce(sum(e.amount), 0)"
      " from bookings b cross join lateral (values ('guest', -b.total),"
      " ('host', coalesce(b.host_total, b.total - b.platform_total - b.tax_total)),"
      " ('platform', b.platform_total), ('tax', b.tax_total)) want(kind, amount)"
      " left join (ledger_entries e join ledger_transactions t on t.id = e.transaction_id and t.kind in "
      "('sale', 'change')"
      " join ledger_accounts a on a.id = e.account_id) on e.booking_id = b.id and a.kind = want.kind"
      " where exists (select from ledger_transactions s where s.booking_id = b.id and s.kind = 'sale')"
      " group by b.id, want.kind, a.kind, want.amount having coalesce(sum(e.amount), 0) <> want.amount order "
      "by 1" },
    { "no_reversal", "a sale was cancelled and nobody said what is given back",
      "select b.id::text, 'cancelled ' || b.cancelled_at from bookings b where b.status = 'cancelled'"
      " and exists (select from ledger_transactions t where t.booking_id = b.id and t.kind = 'sale')"
      " and not exists (select from ledger_transactions t where t.booking_id = b.id and t.kind = 'reversal') "
      "order by 1" },
    { "reversed", "something was given back for a booking that is not cancelled",
      "select b.id::text, b.status from bookings b where b.status <> 'cancelled'"
      " and exists (select from ledger_transactions t where t.booking_id = b.id and t.kind = 'reversal') "
      "order by 1" },
    { "reversal_too_large", "more was given back than was sold",
      "select e.booking_id::text, 'the guest''s sale less what was given back is ' || -sum(e.amount) || ' ' "
      "|| e.currency"
      " from ledger_entries e join ledger_transactions t on t.id = e.transaction_id"
      " join ledger_accounts a on a.id = e.account_id and a.kind = 'guest'"
      " where t.kind in ('sale', 'change', 'reversal') group by e.booking_id, e.currency having "
      "sum(e.amount) > 0"
      " order by 1" },
    { "refund_too_large", "more was refunded than was captured",
      "select e.booking_id::text, 'captures less refunds are ' || sum(e.amount) || ' ' || e.currency"
      " from ledger_entries e join ledger_transactions t on t.id = e.transaction_id"
      " join ledger_accounts a on a.id = e.account_id and a.kind in ('guest', 'deposit')"
      " where t.kind in ('capture', 'refund') group by e.booking_id, e.currency having sum(e.amount) < 0 "
      "order by 1" },
    { "capture_differs", "what was captured is not what was posted",
      "select p.id::text, 'payment says ' || p.captured || ', ledger ' || coalesce(l.amount, 0) || ' ' || "
      "p.currency"
      " from payments p left join (select t.cause_id, sum(e.amount) as amount from ledger_transactions t"
      " join ledger_entries e on e.transaction_id = t.id join ledger_accounts a on a.id = e.account_id and "
      "a.kind <> 'provider'"
      " where t.kind = 'capture' group by 1) l on l.cause_id = p.id where p.captured <> coalesce(l.amount, "
      "0) order by 1" },
    { "refund_differs", "what was refunded is not what was posted",
      "select r.id::text, r.status || ' ' || r.amount || ', ledger ' || coalesce(l.amount, 0) || ' ' || "
      "r.currency"
      " from refunds r left join (select t.cause_id, sum(e.amount) as amount from ledger_transactions t"
      " join ledger_entries e on e.transaction_id = t.id join ledger_accounts a on a.id = e.account_id and "
      "a.kind = 'provider'"
      " where t.kind in ('refund', 'refund_failed') group by 1) l on l.cause_id = r.id"
      " where coalesce(l.amount, 0) <> case r.status when 'done' then r.amount else 0 end order by 1" },
    { "money_from_nowhere", "a capture, refund or payout tells of nothing that is there",
      "select t.id::text, t.kind || ' of ' || coalesce(t.cause_id::text, 'nothing') from ledger_transactions "
      "t"
      " where t.kind in ('capture', 'refund', 'refund_failed')"
      " and not exists (select from payments p where p.id = t.cause_id)"
      " and not exists (select from refunds r where r.id = t.cause_id) order by 1" },
    { "charged_twice", "two payments for the same were kept",
      "select booking_id::text, count(*) || ' payments of kind ' || purpose from payments"
      " where captured > refunding + refunded group by booking_id, purpose having count(*) > 1 order by 1" },
    { "paid_too_much", "more is kept of the guest's money than is owed, and no refund is under way",
      "select e.booking_id::text, sum(e.amount) || ' ' || e.currency || ' too much' from ledger_entries e"
      " join ledger_accounts a on a.id = e.account_id and a.kind = 'guest'"
      " where e.booking_id is not null group by e.booking_id, e.currency"
      " having sum(e.amount) > (select coalesce(sum(p.refunding), 0) from payments p where p.booking_id = "
      "e.booking_id)"
      " order by 1" },
    { "payout_differs", "a payout is not what its items, or the ledger, say",
      "select p.id::text, p.status || ' ' || p.amount || ', items ' || coalesce(i.amount, 0) || ', ledger ' "
      "|| coalesce(l.amount, 0)"
      " from payouts p left join (select payout_id, sum(amount) as amount from payout_items group by 1) i on "
      "i.payout_id = p.id"
      " left join (select t.cause_id, sum(e.amount) as amount from ledger_transactions t"
      " join ledger_entries e on e.transaction_id = t.id join ledger_accounts a on a.id = e.account_id and "
      "a.kind = 'provider'"
      " where t.kind = 'payout' group by 1) l on l.cause_id = p.id"
      " where p.amount <> coalesce(i.amount, 0) or coalesce(l.amount, 0) <> case p.status when 'paid' then "
      "p.amount else 0 end"
      " order by 1" },
    { "paid_out_too_much",
      "more was given to hosts for a stay than it has brought them, and nobody will look at it",
      "select i.booking_id::text, i.amount || ' given of ' || coalesce(h.amount, 0) from"
      " (select booking_id, sum(amount) as amount from payout_items group by 1) i"
      " left join (select e.booking_id, sum(e.amount) as amount from ledger_entries e"
      " join ledger_accounts a on a.id = e.account_id and a.kind = 'host' group by 1) h on h.booking_id = "
      "i.booking_id"
      " where i.amount > coalesce(h.amount, 0) and not exists (select from payout_dues d where d.booking_id "
      "= i.booking_id)"
      " order by 1" },
};
const size_t ledger_check_count = sizeof(ledger_checks) / sizeof(ledger_checks[0]);

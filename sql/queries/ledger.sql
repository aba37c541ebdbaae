-- Statements of src/ledger. What the functions do is said in the migration.

-- name: ledger_booking_visible
-- Whether $2 may see the money of booking $1: guest and host, $4 as co-host, $3 anybody's.
select from bookings b
 where b.id = $1
   and ($3 or $2 in (b.guest_id, b.host_id)
        or exists (select from property_members m
                    where m.property_id = b.property_id and m.user_id = $4 and 'booking.read' = any (m.permissions)));

-- name: ledger_account_visible
-- Whether account $1 is one of $2, or $3 anybody's.
select from ledger_accounts where id = $1 and ($3 or holder_id = $2);

-- name: payout_visible
-- Whether payout $1 is one of $2, or $3 anybody's.
select from payouts where id = $1 and ($3 or payee_id = $2);

-- name: payout_lock
select version, status from payouts where id = $1 for no key update;

-- name: payout_pay
-- Payout $1 was paid by hand; $2 is what the bank says.
update payouts
   set status = 'paid', reference = $2, paid_at = nexus_now(), version = version + 1, updated_at = nexus_now()
 where id = $1;

-- name: payout_work
-- A piece of $1 of what is due; when nothing is, of what waits to be paid.
with collected as materialized (select payouts_collect($1::int8) as n)
select case when c.n > 0 then c.n else payouts_batch($1::int8) end from collected c;

-- Statements of src/ledger. What the functions do is said in the migration.

-- name: ledger_post
-- $1 kind, $2 booking, $3 cause, $4 currency; then for each entry the account's kind, holder (nil: nobody) and name, and the
-- amount.
with done as materialized (
    select ledger_post($1, $2, $3, $4, $5::text[], array_replace($6::uuid[], '00000000-0000-0000-0000-000000000000', null),
                       $7::text[], $8::int8[]))
select from done;

-- name: ledger_reverse
-- Take back $2 of what booking $1 was sold for.
with done as materialized (select ledger_reverse($1, $2::int8)) select from done;

-- name: ledger_booking_visible
-- Whether $2 may see the money of booking $1: guest and host, $3 as co-host, $4 anybody's.
select from bookings b
 where b.id = $1
   and ($4 or $2 in (b.guest_id, b.host_id)
        or exists (select from property_members m
                    where m.property_id = b.property_id and m.user_id = $3 and 'booking.read' = any (m.permissions)));

-- name: ledger_account_visible
-- Whether account $1 is one of $2, or $3 anybody's.
select from ledger_accounts where id = $1 and ($3 or holder_id = $2);

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

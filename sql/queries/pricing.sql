-- Statements of src/pricing.

-- name: quote_insert
-- $9 is the lifetime in microseconds, on the database's clock.
insert into quotes (id, property_id, guest_id, check_in, check_out, guests, adults, total, host_total, currency, expires_at)
values ($1, $2, $3, $4, $5, $6::int4, $6::int4, $7, $7, $8, nexus_now() + $9::int8 * interval '1 microsecond');

-- name: quote_lines_insert
insert into quote_lines (quote_id, position, kind, description, quantity, unit_amount, amount)
select $1, g.place - 1, 'accommodation', g.description, g.quantity, g.unit_amount, g.quantity * g.unit_amount
  from unnest($2::text[], $3::int4[], $4::int8[]) with ordinality as g(description, quantity, unit_amount, place);

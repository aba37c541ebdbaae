-- Statements of src/pricing.

-- name: quote_terms
-- What a stay is judged by: price, currency, capacity, shortest and longest stay, today there, whether a unit is free.
select p.price, p.currency, p.capacity::int4, coalesce(c.min_nights, p.min_nights)::int4, p.max_nights::int4,
       (now() at time zone p.time_zone)::date,
       exists (select from units u
                where u.property_id = p.id
                  and not exists (select from occupancy o where o.unit_id = u.id and o.nights && daterange($2, $3)))
  from properties p left join calendar_nights c on c.property_id = p.id and c.night = $2
 where p.id = $1 and p.status = 'published' and not p.withheld;

-- name: quote_nights
-- Nights of the stay with a price of their own.
select night, price
  from calendar_nights
 where property_id = $1 and night >= $2 and night < $3 and price is not null
 order by night;

-- name: quote_insert
-- $9 is the lifetime in microseconds, on the database's clock.
insert into quotes (id, property_id, guest_id, check_in, check_out, guests, adults, total, host_total, currency, expires_at)
values ($1, $2, $3, $4, $5, $6::int4, $6::int4, $7, $7, $8, now() + $9::int8 * interval '1 microsecond');

-- name: quote_lines_insert
insert into quote_lines (quote_id, position, kind, description, quantity, unit_amount, amount)
select $1, g.place - 1, 'accommodation', g.description, g.quantity, g.unit_amount, g.quantity * g.unit_amount
  from unnest($2::text[], $3::int4[], $4::int8[]) with ordinality as g(description, quantity, unit_amount, place);

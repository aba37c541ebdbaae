-- Statements of src/pricing.

-- name: quote_plan
-- No row: a stay costs its nights.
select plan::text from property_pricing where property_id = $1;

-- name: quote_coupon
-- The coupon $2 for the property, the host's own before the platform's; what decides whether the user $3 (null: unknown) may
-- have it now.
select c.id, c.host_id is not null, c.percent_ppm, c.amount, c.max_amount, c.currency, c.min_nights::int4,
       coalesce(c.valid_from <= (nexus_now() at time zone 'UTC')::date, true),
       coalesce(c.valid_until < (nexus_now() at time zone 'UTC')::date, false), coupon_left(c.id, $3), c.code
  from coupons c join properties p on p.id = $1
 where c.code = $2 and (c.host_id is null or c.host_id = p.host_id) and (c.property_id is null or c.property_id = p.id) and c.active
 order by c.host_id is null
 limit 1;

-- name: quote_coupon_kept
-- The coupon $1 of a booking that is changed, in the same form: its use is counted, so neither time nor number is in the way.
select c.id, c.host_id is not null, c.percent_ppm, c.amount, c.max_amount, c.currency, c.min_nights::int4, true, false, true, c.code
  from coupons c where c.id = $1;

-- name: quote_rate
-- What one unit of the property's currency is worth in $2, with 12 decimals, and when that was so.
(select 1000000000000, nexus_now()
   from properties p where p.id = $1 and p.currency = $2)
union all
(select round(t.rate * 1000000000000 / f.rate)::int8, f.as_of
   from properties p join exchange_rates f on f.currency = p.currency
        join exchange_rates t on t.base = f.base and t.as_of = f.as_of and t.currency = $2
  where p.id = $1 and p.currency <> $2 and f.as_of <= nexus_now() and round(t.rate * 1000000000000 / f.rate) between 1 and 9000000000000000000
  order by f.as_of desc
  limit 1);

-- name: quote_insert
-- $21 is the lifetime in microseconds, on the database's clock.
insert into quotes (id, property_id, guest_id, check_in, check_out, guests, adults, children, infants, child_ages, total,
                    host_total, platform_total, tax_total, currency, cancellation_policy, coupon_id, display_currency,
                    display_rate, display_as_of, display_total, expires_at)
values ($1, $2, $3, $4, $5, $6::int4 + $7::int4, $6::int4, $7::int4, $8::int4, $9::int4[], $10, $11, $12, $13, $14, $15, $16, $17,
        $18::int8 / 1000000000000.0, $19, $20, nexus_now() + $21::int8 * interval '1 microsecond');

-- name: quote_lines_insert
insert into quote_lines (quote_id, position, party, kind, payee, included, description, quantity, unit_amount, amount, rule,
                         display_amount)
select $1, g.place - 1, g.party, g.kind, g.payee, g.included = 1, g.description, g.quantity, g.unit_amount,
       g.quantity * g.unit_amount, g.rule::jsonb, g.display_amount
  from unnest($2::text[], $3::text[], $4::text[], $5::int4[], $6::text[], $7::int4[], $8::int8[], $9::text[], $10::int8[])
       with ordinality as g(party, kind, payee, included, description, quantity, unit_amount, rule, display_amount, place);

-- name: quote_explain
-- A quote the user $2 (null: nobody) asked for or nobody did, or hosts a booking of; a row for each line.
select q.property_id, q.currency, q.total, q.host_total, q.platform_total, q.tax_total, l.position::int4, l.party, l.kind, l.payee,
       l.included, l.description, l.quantity, l.unit_amount, l.amount, l.rule::text, q.cancellation_policy
  from quotes q join quote_lines l on l.quote_id = q.id
 where q.id = $1
   and (q.guest_id is null or q.guest_id = $2 or exists (select from bookings b where b.quote_id = q.id and b.host_id = $2))
 order by l.position;

-- name: pricing_read
-- The document (null: there is none) and its version, of a property the principal has the right on; parameters as those of
-- property_lock.
select x.plan::text, coalesce(x.version, 1)
  from properties p left join property_pricing x on x.property_id = p.id
 where p.id = $1 and p.status <> 'removed'
   and ($4 or exists (select from property_grants g
                       where g.property_id = p.id and g.user_id = $2 and g.permissions && $3::text[]));

-- name: pricing_lock
-- Likewise, locked against other changes.
select p.host_id, p.currency, coalesce(x.version, 1)
  from properties p left join property_pricing x on x.property_id = p.id
 where p.id = $1 and p.status <> 'removed'
   and ($4 or exists (select from property_grants g
                       where g.property_id = p.id and g.user_id = $2 and g.permissions && $3::text[]))
   for no key update of p;

-- name: pricing_put
insert into property_pricing (property_id, plan, version) values ($1, $2::text::json, 2)
on conflict (property_id) do update set plan = excluded.plan, version = property_pricing.version + 1, updated_at = now();

-- name: coupon_insert
-- $2: whose it is (null: the platform's), $3 a property that is theirs, or null; $4: any property will do. No row: it is not.
insert into coupons (id, code, host_id, property_id, percent_ppm, amount, max_amount, currency, min_nights, valid_from,
                     valid_until, max_uses, max_uses_per_guest)
select $1, $5, $2, $3, $6::int4, $7::int8, $8::int8, $9, $10::int4, $11::date, $12::date, $13::int4, $14::int4
 where $3::uuid is null
    or exists (select from properties p where p.id = $3 and p.status <> 'removed' and ($4 or p.host_id = $2))
returning id;

-- name: coupon_lock
-- A coupon of the user $2, or ($3) anybody's.
select version, used from coupons where id = $1 and ($3 or host_id = $2) for no key update;

-- name: coupon_change
-- A flag ahead of each member says whether it changes.
update coupons
   set active = case when $2 then $3 else active end,
       valid_until = case when $4 then $5::date else valid_until end,
       max_uses = case when $6 then $7::int4 else max_uses end,
       max_uses_per_guest = case when $8 then $9::int4 else max_uses_per_guest end,
       version = version + 1, updated_at = now()
 where id = $1;

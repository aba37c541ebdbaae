-- Bookings of random nights on three properties: quotes are made ahead, every attempt takes one of them.
-- pgbench -n -M prepared -c 64 -j 2 -T 10 -f hot_bookings.sql after hot_bookings_setup.sql
\set q random(1, 90000)
with quote as materialized (
    select q.id, q.property_id, q.check_in, q.check_out, q.guests, q.total, q.currency, p.host_id,
           case when exists (select from bookings b where b.quote_id = q.id) then 'used'
                when q.expires_at <= now() then 'expired'
                when p.status <> 'published' then 'closed'
                when p.host_id = '00000000-0000-4000-8000-000000000002' then 'own'
                when q.check_in < (now() at time zone p.time_zone)::date then 'past'
                else 'valid' end as verdict
      from quotes q join properties p on p.id = q.property_id
     where q.id = ('10000000-0000-4000-8000-' || lpad(:q::text, 12, '0'))::uuid and (q.guest_id = '00000000-0000-4000-8000-000000000002' or q.guest_id is null)),
made as materialized (select gen_random_uuid() as id),
taken as materialized (
    select q.*, m.id as booking_id, occupancy_take(gen_random_uuid(), q.property_id, daterange(q.check_in, q.check_out), m.id) as unit_id
      from quote q, made m where q.verdict = 'valid'),
booked as (
    insert into bookings (id, quote_id, property_id, unit_id, guest_id, host_id, status, check_in, check_out, guests,
                          total, currency)
    select t.booking_id, t.id, t.property_id, t.unit_id, '00000000-0000-4000-8000-000000000002', t.host_id, 'confirmed', t.check_in, t.check_out, t.guests, t.total,
           t.currency
      from taken t where t.unit_id is not null)
select q.verdict, (select t.unit_id from taken t) from quote q;

-- Three properties and 90,000 quotes for random stays of one to three nights on them; for hot_bookings.sql.
insert into users (id, email, name) values
    ('00000000-0000-4000-8000-000000000001', 'bench-host@example.com', 'Bench Host'),
    ('00000000-0000-4000-8000-000000000002', 'bench-guest@example.com', 'Bench Guest') on conflict do nothing;
insert into properties (id, host_id, status, title, kind, room_type, city, country, location, time_zone, capacity, price, currency)
select ('20000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, '00000000-0000-4000-8000-000000000001', 'published',
       'Bench ' || i, 'apartment', 'entire_home', 'Bench', 'US', point(i, i), 'UTC', 4, 10000, 'USD'
  from generate_series(1, 3) i on conflict do nothing;
insert into units (id, property_id, position)
select ('30000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, ('20000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 0
  from generate_series(1, 3) i on conflict do nothing;
insert into quotes (id, property_id, guest_id, check_in, check_out, guests, total, currency, expires_at)
select ('10000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid,
       ('20000000-0000-4000-8000-' || lpad((1 + i % 3)::text, 12, '0'))::uuid, '00000000-0000-4000-8000-000000000002',
       current_date + 1 + (i * 7919) % 700, current_date + 2 + (i * 7919) % 700 + i % 3, 2, 10000, 'USD', now() + interval '1 day'
  from generate_series(1, 90000) i on conflict do nothing;
analyze;

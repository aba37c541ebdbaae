-- Statements of src/calendar.

-- name: calendar_read
-- One row a night of [$2, $3), none when the property's principal ($4, null for nobody; $5: one who sees all) does not see it.
-- A night is busy (or blocked) when it is on every unit; it can be had when some stay may take it. Why the host keeps
-- nights is for hosts and co-hosts.
with place as (
    select p.id, p.currency, h.first_arrival, coalesce(h.last_departure, 'infinity') as last_departure, g.granted
      from properties p join booking_rules r on r.property_id = p.id
           cross join lateral stay_horizon(p.time_zone, r.advance_notice_hours, r.check_in_from, r.booking_window_days) h
           cross join lateral (select $5 or exists (select from property_grants x
                                                     where x.property_id = p.id and x.user_id = $4) as granted) g
     where p.id = $1 and (p.status = 'published' or p.status = 'draft' and g.granted)),
each_unit as (
    select coalesce(range_agg(o.nights), '{}') as busy,
           coalesce(range_agg(o.nights) filter (where o.kind = 'block'), '{}') as blocked
      from units u left join occupancy o on o.unit_id = u.id and o.nights && daterange($2, $3)
     where u.property_id = $1
     group by u.id),
all_units as (
    select range_intersect_agg(busy) as busy, range_intersect_agg(blocked) as blocked from each_unit),
noted as materialized (
    select o.nights, o.reason
      from place p join units u on u.property_id = p.id join occupancy o on o.unit_id = u.id and o.nights && daterange($2, $3)
     where p.granted and o.reason is not null)
select n.night, coalesce(n.night >= p.first_arrival and n.night < p.last_departure and not a.busy @> n.night, false),
       coalesce(a.blocked @> n.night, false), n.price, p.currency, n.min_nights, n.max_nights, n.closed_to_arrival,
       n.closed_to_departure, n.season, case when p.granted then (select min(x.reason) from noted x where x.nights @> n.night) end
  from place p cross join all_units a cross join stay_nights($1, $2, $3) n
 order by n.night;

-- name: calendar_units
select id from units where property_id = $1 order by position;

-- name: calendar_nights_put
-- Per night a price, the shortest and longest stay, and whether it is closed to arrival and to departure (0, 1). -1: what
-- season, weekday or property say; -2: as it is.
with given as (
    select g.night, case g.price when -2 then c.price when -1 then null else g.price end as price,
           case g.min_nights when -2 then c.min_nights when -1 then null else g.min_nights end as min_nights,
           case g.max_nights when -2 then c.max_nights when -1 then null else g.max_nights end as max_nights,
           case g.arrival when -2 then c.closed_to_arrival when -1 then null else g.arrival = 1 end as closed_to_arrival,
           case g.departure when -2 then c.closed_to_departure when -1 then null else g.departure = 1 end as closed_to_departure
      from unnest($2::date[], $3::int8[], $4::int4[], $5::int4[], $6::int4[], $7::int4[])
               as g(night, price, min_nights, max_nights, arrival, departure)
           left join calendar_nights c on c.property_id = $1 and c.night = g.night),
gone as (
    delete from calendar_nights c using given g
     where c.property_id = $1 and c.night = g.night
       and num_nonnulls(g.price, g.min_nights, g.max_nights, g.closed_to_arrival, g.closed_to_departure) = 0)
insert into calendar_nights (property_id, night, price, min_nights, max_nights, closed_to_arrival, closed_to_departure)
select $1, night, price, min_nights, max_nights, closed_to_arrival, closed_to_departure from given
 where num_nonnulls(price, min_nights, max_nights, closed_to_arrival, closed_to_departure) > 0
on conflict (property_id, night) do update
   set price = excluded.price, min_nights = excluded.min_nights, max_nights = excluded.max_nights,
       closed_to_arrival = excluded.closed_to_arrival, closed_to_departure = excluded.closed_to_departure;

-- name: calendar_clashes
-- Places of ranges ($2; nights from $3 to $4, unit $5, nil for all) that hold a night of a stay.
select distinct g.place
  from unnest($2::int4[], $3::date[], $4::date[], $5::uuid[]) as g(place, since, until, unit_id)
       join units u on u.property_id = $1 and g.unit_id in (u.id, '00000000-0000-0000-0000-000000000000')
       join occupancy o on o.unit_id = u.id and o.kind <> 'block' and o.nights && daterange(g.since, g.until)
 order by g.place;

-- name: calendar_blocks_put
-- Per run of nights of a unit: blocked (1) or not (0), the place of the range that asked for it, and why (empty: not said).
-- The nights are cut out of the blocks there are, then blocked anew. Answers the lowest place that met a stay, or null. One
-- statement, so that the search index is locked only after the nights are decided: else a booking could wait for us and we
-- for it.
with asked as (
    select a.unit_id, daterange(a.since, a.until) as nights, a.blocked, a.place, nullif(a.reason, '') as reason
      from unnest($1::uuid[], $2::date[], $3::date[], $4::int4[], $5::int4[], $6::text[])
               as a(unit_id, since, until, blocked, place, reason)),
touched as (
    select unit_id, range_agg(nights) as nights from asked group by unit_id),
gone as (
    delete from occupancy o using touched t
     where o.unit_id = t.unit_id and o.kind = 'block' and o.nights && t.nights
    returning o.unit_id, o.nights, o.reason),
rest as (
    select g.unit_id, unnest(g.nights::datemultirange - t.nights) as nights, g.reason
      from gone g join touched t on t.unit_id = g.unit_id),
wanted as (
    select a.unit_id, a.nights, a.place, a.reason from asked a, (select count(*) from gone) first where a.blocked = 1
    union all
    select unit_id, nights, null, reason from rest),
made as (
    insert into occupancy (id, unit_id, nights, kind, reason)
    select gen_random_uuid(), unit_id, nights, 'block', reason from wanted
    on conflict do nothing
    returning unit_id, nights)
select min(w.place)
  from wanted w
 where not exists (select from made m where m.unit_id = w.unit_id and m.nights = w.nights);

-- name: stay_terms
-- What a property says about any stay, and whether a unit is free for this one and the preparation after it. No row when the
-- property is not offered.
select p.currency, p.capacity::int4, r.preparation_nights::int4, h.today, h.first_arrival, h.last_departure,
       exists (select from units u
                where u.property_id = p.id
                  and not exists (select from occupancy o
                                   where o.unit_id = u.id and o.nights && daterange($2, $3 + r.preparation_nights)))
  from properties p join booking_rules r on r.property_id = p.id
       cross join lateral stay_horizon(p.time_zone, r.advance_notice_hours, r.check_in_from, r.booking_window_days) h
 where p.id = $1 and p.status = 'published' and not p.withheld;

-- name: stay_nights
select n.night, n.price, n.min_nights, n.max_nights, n.closed_to_arrival, n.closed_to_departure, n.season, n.min_source,
       n.max_source, n.arrival_source, n.departure_source
  from stay_nights($1, $2, $3) n
 order by n.night;

-- name: stay_units
-- What takes nights of [$2, $3), by unit; a unit nothing takes has one row of nulls. Which booking and why the host keeps
-- nights is told to hosts and co-hosts ($4, null for nobody; $5: one who sees all).
select (dense_rank() over (order by u.position))::int4 - 1, lower(o.nights), upper(o.nights),
       coalesce(b.check_out, upper(o.nights)), o.kind = 'block',
       case when o.kind = 'block' then o.id when g.granted then o.booking_id end, case when g.granted then o.reason end
  from units u left join occupancy o on o.unit_id = u.id and o.nights && daterange($2, $3)
       left join bookings b on b.id = o.booking_id
       cross join (select $5 or exists (select from property_grants x where x.property_id = $1 and x.user_id = $4) as granted) g
 where u.property_id = $1
 order by u.position, lower(o.nights);

-- name: rules_version
-- Also locks the documents: they share it.
select version from booking_rules where property_id = $1 for no key update;

-- name: rules_touch
update booking_rules set version = version + 1, updated_at = now() where property_id = $1;

-- name: rules_read
-- For whom the calendar is ($2, null for nobody; $3: one who sees all).
select r.version, r.advance_notice_hours::int4, r.booking_window_days::int4, r.preparation_nights::int4,
       to_char(r.check_in_from, 'HH24:MI'), to_char(r.check_in_until, 'HH24:MI'), to_char(r.check_out_until, 'HH24:MI'),
       r.instant_book, r.request_hours::int4
  from properties p join booking_rules r on r.property_id = p.id
 where p.id = $1
   and (p.status = 'published'
        or p.status = 'draft' and ($3 or exists (select from property_grants x
                                                  where x.property_id = p.id and x.user_id = $2)));

-- name: rules_put
update booking_rules
   set advance_notice_hours = $2::int4, booking_window_days = $3::int4, preparation_nights = $4::int4,
       check_in_from = $5::text::time, check_in_until = $6::text::time, check_out_until = $7::text::time, instant_book = $8,
       request_hours = $9::int4
 where property_id = $1;

-- name: seasons_read
-- As rules_read; one row with nulls when there is no season. Weekdays are bits: 2 is Monday, 128 Sunday.
select r.version, p.currency, s.id, s.name, s.from_date, s.to_date, s.yearly, s.price, s.adjust_ppm, s.min_nights::int4,
       s.max_nights::int4, (select sum(1 << d)::int4 from unnest(s.arrival_weekdays) d)
  from properties p join booking_rules r on r.property_id = p.id left join seasons s on s.property_id = p.id
 where p.id = $1
   and (p.status = 'published'
        or p.status = 'draft' and ($3 or exists (select from property_grants x
                                                  where x.property_id = p.id and x.user_id = $2)))
 order by s.position;

-- name: seasons_clear
delete from seasons where property_id = $1;

-- name: seasons_put
-- In their order. -1 stands for null, of an adjustment the least integer; no weekdays for all.
insert into seasons (id, property_id, position, name, from_date, to_date, yearly, price, adjust_ppm, min_nights, max_nights,
                     arrival_weekdays)
select g.id, $1, g.place - 1, g.name, g.since, g.until, g.yearly = 1, nullif(g.price, -1), nullif(g.adjust, -2147483648),
       nullif(g.min_nights, -1), nullif(g.max_nights, -1),
       nullif(array(select d::smallint from generate_series(1, 7) d where g.weekdays & (1 << d) <> 0), '{}')
  from unnest($2::uuid[], $3::text[], $4::date[], $5::date[], $6::int4[], $7::int8[], $8::int4[], $9::int4[], $10::int4[],
              $11::int4[])
           with ordinality as g(id, name, since, until, yearly, price, adjust, min_nights, max_nights, weekdays, place);

-- name: weekdays_read
-- As rules_read; one row with nulls when no weekday has something of its own.
select r.version, p.currency, w.weekday::int4, w.price, w.adjust_ppm, w.min_nights::int4, w.closed_to_arrival,
       w.closed_to_departure
  from properties p join booking_rules r on r.property_id = p.id left join weekday_rules w on w.property_id = p.id
 where p.id = $1
   and (p.status = 'published'
        or p.status = 'draft' and ($3 or exists (select from property_grants x
                                                  where x.property_id = p.id and x.user_id = $2)))
 order by w.weekday;

-- name: weekdays_clear
delete from weekday_rules where property_id = $1;

-- name: weekdays_put
-- Nulls as in seasons_put.
insert into weekday_rules (property_id, weekday, price, adjust_ppm, min_nights, closed_to_arrival, closed_to_departure)
select $1, g.weekday, nullif(g.price, -1), nullif(g.adjust, -2147483648), nullif(g.min_nights, -1), g.arrival = 1,
       g.departure = 1
  from unnest($2::int4[], $3::int8[], $4::int4[], $5::int4[], $6::int4[], $7::int4[])
           as g(weekday, price, adjust, min_nights, arrival, departure);

-- Statements of src/calendar.

-- name: calendar_read
-- One row a night of [$2, $3), none when the principal ($4, null for nobody; $5: one who sees all) does not see the
-- property. A night is busy
-- (or blocked) when it is on every unit.
with place as (
    select id, price, currency, min_nights, (now() at time zone time_zone)::date as today
      from properties
     where id = $1
       and (status = 'published'
            or status = 'draft' and ($5 or exists (select from property_grants g
                                                    where g.property_id = properties.id and g.user_id = $4)))),
each_unit as (
    select coalesce(range_agg(o.nights), '{}') as busy,
           coalesce(range_agg(o.nights) filter (where o.kind = 'block'), '{}') as blocked
      from units u left join occupancy o on o.unit_id = u.id and o.nights && daterange($2, $3)
     where u.property_id = $1
     group by u.id),
all_units as (
    select range_intersect_agg(busy) as busy, range_intersect_agg(blocked) as blocked from each_unit)
select d.night, coalesce(d.night >= p.today and not a.busy @> d.night, false), coalesce(a.blocked @> d.night, false),
       coalesce(c.price, p.price), p.currency, coalesce(c.min_nights, p.min_nights)::int4
  from place p cross join all_units a
       cross join lateral (select $2 + i as night from generate_series(0, $3 - $2 - 1) i) d
       left join calendar_nights c on c.property_id = p.id and c.night = d.night
 order by d.night;

-- name: calendar_units
select id from units where property_id = $1 order by position;

-- name: calendar_nights_put
-- Per night a price (-1: the property's own, -2: as it is) and a shortest stay (likewise).
with given as (
    select g.night, case g.price when -2 then c.price when -1 then null else g.price end as price,
           case g.min_nights when -2 then c.min_nights when -1 then null else g.min_nights end as min_nights
      from unnest($2::date[], $3::int8[], $4::int4[]) as g(night, price, min_nights)
           left join calendar_nights c on c.property_id = $1 and c.night = g.night),
gone as (
    delete from calendar_nights c using given g
     where c.property_id = $1 and c.night = g.night and g.price is null and g.min_nights is null)
insert into calendar_nights (property_id, night, price, min_nights)
select $1, night, price, min_nights from given where price is not null or min_nights is not null
on conflict (property_id, night) do update set price = excluded.price, min_nights = excluded.min_nights;

-- name: calendar_blocks_put
-- Per run of nights of a unit: blocked (1) or not (0), and the place of the range that asked for it. The nights are cut
-- out of the blocks there are, then blocked anew. Answers the lowest place that met a stay, or null. One statement, so
-- that the search index is locked only after the nights are decided: else a booking could wait for us and we for it.
with asked as (
    select a.unit_id, daterange(a.since, a.until) as nights, a.blocked, a.place
      from unnest($1::uuid[], $2::date[], $3::date[], $4::int4[], $5::int4[]) as a(unit_id, since, until, blocked, place)),
touched as (
    select unit_id, range_agg(nights) as nights from asked group by unit_id),
gone as (
    delete from occupancy o using touched t
     where o.unit_id = t.unit_id and o.kind = 'block' and o.nights && t.nights
    returning o.unit_id, o.nights),
rest as (
    select g.unit_id, unnest(range_agg(g.nights) - t.nights) as nights
      from gone g join touched t on t.unit_id = g.unit_id
     group by g.unit_id, t.nights),
wanted as (
    select a.unit_id, a.nights, a.place from asked a, (select count(*) from gone) first where a.blocked = 1
    union all
    select unit_id, nights, null from rest),
made as (
    insert into occupancy (id, unit_id, nights, kind)
    select gen_random_uuid(), unit_id, nights, 'block' from wanted
    on conflict do nothing
    returning unit_id, nights)
select min(w.place)
  from wanted w
 where not exists (select from made m where m.unit_id = w.unit_id and m.nights = w.nights);

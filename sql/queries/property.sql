-- Statements of src/property.

-- name: property_lock
-- What a change must know of the property, locked against other changes; bookings go on meanwhile. No row: there is none, or
-- the principal ($2) has none of the permissions ($3) there, nor those on every property ($4).
select p.host_id, p.status, p.version, p.currency, p.min_nights::int4, p.max_nights::int4,
       (nexus_now() at time zone p.time_zone)::date
  from properties p
 where p.id = $1 and p.status <> 'removed'
   and ($4 or exists (select from property_grants g
                       where g.property_id = p.id and g.user_id = $2 and g.permissions && $3::text[]))
   for no key update of p;

-- name: property_granted
-- One row when the principal has one of the permissions on the property; parameters as those of property_lock.
select from properties p
 where p.id = $1 and p.status <> 'removed'
   and ($4 or exists (select from property_grants g
                       where g.property_id = p.id and g.user_id = $2 and g.permissions && $3::text[]));

-- name: property_insert
insert into properties (id, host_id, status, title, description, kind, room_type, address, city, country, location,
                        time_zone, capacity, bedrooms, beds, bathrooms, house_rules, price, currency, min_nights,
                        max_nights)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, point($11::float8, $12::float8), $13, $14::int4, $15::int4, $16::int4,
        $17::float8, $18, $19, $20, $21::int4, $22::int4);

-- name: property_change
-- Null keeps a member as it is.
update properties
   set status = coalesce($2, status), title = coalesce($3, title), description = coalesce($4, description),
       kind = coalesce($5, kind), room_type = coalesce($6, room_type), address = coalesce($7, address),
       city = coalesce($8, city), country = coalesce($9, country),
       location = coalesce(point($10::float8, $11::float8), location), time_zone = coalesce($12, time_zone),
       capacity = coalesce($13::int4, capacity), bedrooms = coalesce($14::int4, bedrooms),
       beds = coalesce($15::int4, beds), bathrooms = coalesce($16::float8::numeric, bathrooms),
       house_rules = coalesce($17, house_rules), price = coalesce($18, price),
       min_nights = coalesce($19::int4, min_nights), max_nights = coalesce($20::int4, max_nights),
       version = version + 1, updated_at = now()
 where id = $1;

-- name: property_units_insert
insert into units (id, property_id, position, name)
select g.id, $1, g.place - 1, g.name from unnest($2::uuid[], $3::text[]) with ordinality as g(id, name, place);

-- name: property_amenities_delete
-- All but those named.
delete from property_amenities
 where property_id = $1 and amenity_id not in (select id from amenities where slug = any($2::text[]));

-- name: property_amenities_insert
insert into property_amenities (property_id, amenity_id)
select $1, id from amenities where slug = any($2::text[])
on conflict do nothing;

-- name: property_photos_delete
-- Those the host has set, not the uploaded ones.
delete from property_photos where property_id = $1 and photo_id is null;

-- name: property_photos_insert
-- URLs of uploaded photos are there already: who sends back the list that was read does not get them twice.
insert into property_photos (property_id, position, url)
select $1, g.place - 1, g.url from unnest($2::text[]) with ordinality as g(url, place)
 where not exists (select from property_photos s where s.property_id = $1 and s.photo_id is not null and s.url = g.url);

-- name: property_close
-- Take every night from a day on, for good, in place of the host's own blocks and of what was imported; how many units could not be closed
-- because of a stay. One statement, so that the search index is locked only after the nights are decided.
with gone as (
    delete from occupancy o using units u
     where u.property_id = $1 and o.unit_id = u.id and o.kind in ('block', 'import') and o.nights && daterange($2, null)
    returning 1),
closed as (
    insert into occupancy (id, unit_id, nights, kind)
    select gen_random_uuid(), u.id, daterange($2, '2100-01-01'), 'block'
      from units u, (select count(*) from gone) first
     where u.property_id = $1
    on conflict do nothing
    returning 1)
select (select count(*) from units where property_id = $1) - (select count(*) from closed);

-- name: property_remove
update properties set status = 'removed', version = version + 1, updated_at = now() where id = $1;

-- name: property_visible
-- One row when the principal ($2 as host or co-host, $4 as party of a booking, null for nobody; $3: one who sees all) sees
-- the property.
select from properties p
 where p.id = $1 and ($3 or p.status = 'published' or property_shown(p.id, $2, $4));

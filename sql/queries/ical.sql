-- Statements of src/ical.

-- name: feed_count
select count(*) from calendar_feeds where property_id = $1;

-- name: feed_insert
-- The unit $3, or the property's only one. A row when there is such a unit.
insert into calendar_feeds (id, property_id, unit_id, name, url)
select $1, $2, u.id, $4, $5 from units u
 where u.property_id = $2 and (u.id = $3 or $3 is null and (select count(*) from units x where x.property_id = $2) = 1)
returning unit_id;

-- name: feed_change
-- Null keeps a member as it is. Another address begins anew, but what it said before stays until it is read. A row when there
-- is such a feed.
update calendar_feeds
   set name = coalesce($3, name), url = coalesce($4, url),
       etag = case when coalesce($4, url) = url then etag end,
       last_modified = case when coalesce($4, url) = url then last_modified end,
       due_at = case when coalesce($4, url) = url then due_at else nexus_now() end,
       version = version + 1, updated_at = now()
 where id = $1 and property_id = $2
returning id;

-- name: feed_delete
-- Its nights are free again. A row when there was one.
delete from calendar_feeds where id = $1 and property_id = $2 returning id;

-- name: feed_ask
-- The next import takes it as a whole; $3: whether the host agrees to what it frees. A row when there is such a feed.
update calendar_feeds set etag = null, last_modified = null, accepted = accepted or $3
 where id = $1 and property_id = $2
returning id;

-- name: feeds_due
-- Feeds whose time has come are asked to be imported; at most $1, how many there were.
with due as (
    select id from calendar_feeds where due_at <= nexus_now() order by due_at limit $1::int8 for no key update skip locked),
later as (
    update calendar_feeds f set due_at = nexus_now() + $2::int8 * interval '1 microsecond' from due where f.id = due.id returning f.id),
asked as materialized (
    select job_add('calendar-import', id::text, jsonb_build_object('feed_id', id)) from later)
select count(*) from asked;

-- name: feed_read
-- What an import has to know; no row when the feed is gone. Validators are of no use while something is held back: time changes
-- what becomes of it.
select f.url, case when f.state <> 'held' then f.etag end, case when f.state <> 'held' then f.last_modified end,
       (nexus_now() at time zone p.time_zone)::date
  from calendar_feeds f join properties p on p.id = f.property_id
 where f.id = $1;

-- name: feed_store
-- See calendar_feed_store. $2 to $10 what it says, $11 microseconds of patience.
with stored as materialized (
    select calendar_feed_store($1, $2::text[], $3::text[], $4::text[], $5::date[], $6::int4[], $7::date[], $8::int4[], $9::date[],
                               $10::int4[], $11::int8 * interval '1 microsecond') as state)
select state from stored;

-- name: feed_stored
-- The import was good ($2: and said something new). $3, $4: what it can be asked by next time.
update calendar_feeds
   set checked_at = nexus_now(), succeeded_at = nexus_now(), failures = 0, fault = null, detail = null,
       state = case when state = 'failing' or state = 'new' then case when held_since is null then 'ok' else 'held' end else state end,
       etag = case when $2 then $3 else etag end, last_modified = case when $2 then $4 else last_modified end,
       own_count = case when $2 then $5::int4 else own_count end, zones_taken = case when $2 then $6::int4 else zones_taken end
 where id = $1 and url = $7;

-- name: feed_failed
-- What was there stays. One that fails again and again is asked less often, up to every six hours: each time may cost a runner half a
-- minute.
update calendar_feeds
   set checked_at = nexus_now(), due_at = greatest(due_at, nexus_now() + least(interval '15 minutes' * (1 << least(failures + 1, 5)), '6 hours')),
       failures = failures + 1, fault = $2, detail = $3, state = 'failing'
 where id = $1 and url = $4;

-- name: feed_settle
-- And conflicts that are new are told.
with settled as materialized (select calendar_feed_settle($1) as lost),
told as materialized (select calendar_conflicts_tell($1) as fresh)
select lost from settled, told;

-- name: conflicts_read
-- Of the property $1, at most $2.
select feed_id, feed, unit_id, summary, lower(nights), upper(nights), booking_id, status, check_in, check_out
  from calendar_conflicts where property_id = $1
 order by check_in, booking_id, feed_id, key limit $2::int8;

-- name: exports_read
-- The units of a property and the generation of their URLs.
select u.id, u.name, coalesce(x.generation, 0)
  from units u left join calendar_exports x on x.unit_id = u.id
 where u.property_id = $1
 order by u.position;

-- name: export_rotate
-- A row when the property has the unit.
insert into calendar_exports (unit_id, generation)
select u.id, 1 from units u where u.id = $2 and u.property_id = $1
on conflict (unit_id) do update set generation = calendar_exports.generation + 1, rotated_at = now()
returning unit_id;

-- name: export_unit
-- The generation of a unit's URL; no row when there is nothing to be shown.
select coalesce(x.generation, 0)
  from units u join properties p on p.id = u.property_id left join calendar_exports x on x.unit_id = u.id
 where u.id = $1 and p.status <> 'removed';

-- name: export_nights
-- What takes nights of a unit from yesterday on, but for what the feed $2 has brought. A stay by its booking, the host's blocks and
-- imported nights in runs: what is known by its first night stays so however it was put together.
with zone as (
    select (nexus_now() at time zone p.time_zone)::date - 1 as since from units u join properties p on p.id = u.property_id where u.id = $1),
taken as (
    select o.nights, o.kind, o.booking_id from occupancy o, zone
     where o.unit_id = $1 and upper(o.nights) > zone.since and ($2 is null or o.feed_id is distinct from $2)),
runs as (
    select unnest(range_agg(nights)) as nights, kind from taken where kind <> 'booking' group by kind)
select kind, lower(nights), upper(nights), booking_id, null::timestamptz from (
    select kind, nights, null::uuid as booking_id from runs) r
union all
select t.kind, lower(t.nights), upper(t.nights), t.booking_id, b.updated_at
  from taken t join bookings b on b.id = t.booking_id
 order by 2, 3, 1;

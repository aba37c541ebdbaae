-- Statements of src/event.

-- name: events_sequence
-- Give numbers to at most $1 events. How many.
select events_sequence($1);

-- name: events_head
-- The last number given. Asked before what is below it is read.
select number from event_head;

-- name: events_read
-- $1 who, $2 after which number, $3 how many at most, $4 types, null: all.
select e.number, e.id, e.type, e.kind, e.subject, e.payload::text, e.at
  from event_readers r join events e on e.number = r.number
 where r.user_id = $1 and r.number > $2::int8 and ($4::text[] is null or e.type = any ($4))
 order by r.number limit $3::int8;

-- name: events_prune
-- Forget events older than $1 microseconds, at most $2 of them; what waits to be delivered goes along. How many.
with old as materialized (
    select number from events where at < nexus_now() - $1::int8 * interval '1 microsecond' order by number limit $2::int8),
unread as (
    delete from event_readers r using old where r.number = old.number),
gone as (
    delete from events e using old where e.number = old.number returning 1)
select count(*) from gone;

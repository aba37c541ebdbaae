-- Statements of src/booking.

-- name: booking_look
-- What is to be said of a quote ($2) to a guest ($1) who wants to book it: 'used', 'taken' or null, try it; the stay, and which of
-- its nights are gone. No row: no such quote for this guest. Of many who want the same nights nearly all are refused by this one
-- look: where nights are seen to be gone in the search index, kept by the same transactions as the inventory, nothing is tried.
-- The look is exact for one unit and says too little for several; whom it lets pass the inventory decides about. Where
-- somebody's time may be up, occupancy_take may end it, so all pass there.
select case when q.used_at is not null then 'used'
            when s.busy && daterange(q.check_in, q.check_out + s.preparation_nights) and s.published
             and (s.due_at is null or s.due_at > nexus_now())
            then 'taken' end,
       q.check_in, q.check_out, q.guests::integer, q.property_id,
       (s.busy * datemultirange(daterange(q.check_in, q.check_out + s.preparation_nights)))::text
  from quotes q join property_search s on s.property_id = q.property_id
 where q.id = $2 and (q.guest_id = $1 or q.guest_id is null);

-- name: booking_create
-- $1 booking, $2 guest, $3 quote, $4 row of the inventory, $5 its payment, offline, and $6 whether that counts as paid at once;
-- $7 whether it is only held, for $8 microseconds, $9 holds a guest may have. A host who wants to be asked gets a request instead
-- of a booking, and neither that nor a hold is paid. What becomes of it is said in the migration.
select booking_attempt($1, $2, $3, $4, $5, $6::bool, $7::bool, $8::int8, $9::int8);

-- name: booking_refused
-- What is to be told of a refusal that the look at a quote ($1) did not foresee: the day it is at the property, the nights gone.
select (nexus_now() at time zone p.time_zone)::date,
       (s.busy * datemultirange(daterange(q.check_in, q.check_out + s.preparation_nights)))::text
  from quotes q join properties p on p.id = q.property_id join property_search s on s.property_id = q.property_id
 where q.id = $1;

-- name: booking_lock
-- A booking the principal ($2) has part in, or is given a permission ($3) for as co-host, locked; what decides about a
-- change of its state.
select b.status, b.version, b.check_in, b.check_out, (nexus_now() at time zone p.time_zone)::date, b.guest_id = $2, nexus_now(),
       case b.status when 'held' then b.hold_expires_at when 'requested' then b.respond_by else b.check_out_at end, b.check_in_at
  from bookings b join properties p on p.id = b.property_id
 where b.id = $1
   and ($2 in (b.guest_id, b.host_id)
        or exists (select from property_members m
                    where m.property_id = b.property_id and m.user_id = $2 and $3 = any (m.permissions)))
   for no key update of b;

-- name: booking_cancel
-- Call a locked booking ($1) off; $2: who does. What that means for money is said in the migration.
with done as materialized (select booking_cancel($1, $2) as refund)
select refund from done;

-- name: booking_set
-- A locked booking ($1) comes to another state; $3: whether that gives its nights back.
with changed as (
    update bookings
       set status = $2, version = version + 1, updated_at = nexus_now(),
           confirmed_at = case $2 when 'confirmed' then nexus_now() else confirmed_at end,
           arrived_at = case $2 when 'checked_in' then nexus_now() else arrived_at end,
           left_at = case when $2 = 'completed' then nexus_now() else left_at end,
           ended_at = case when $2 in ('completed', 'declined', 'no_show') then nexus_now() end
     where id = $1)
delete from occupancy where booking_id = $1 and $3::bool;

-- name: booking_pay
-- Money has come for booking $1, $2 of it new; $3: a row of the inventory. What the answers mean is said in the migration.
select booking_pay($1, $2::int8, $3);

-- name: booking_expire
-- End at most $1 holds and requests each whose time is up; how many. What somebody is just deciding about is passed over. One
-- sweeper at a time: two would lock the search index in different orders.
with turn as materialized (
    select pg_try_advisory_xact_lock(hashtextextended('sweep bookings', 0)) as mine),
holds as materialized (
    select id from bookings where status = 'held' and hold_expires_at <= nexus_now() and (select mine from turn)
     order by hold_expires_at limit $1::int8 for no key update skip locked),
requests as materialized (
    select id from bookings where status = 'requested' and respond_by <= nexus_now() and (select mine from turn)
     order by respond_by limit $1::int8 for no key update skip locked),
due as materialized (
    select id from holds union all select id from requests),
ended as (
    update bookings b
       set status = 'expired', ended_at = nexus_now(), version = version + 1, updated_at = nexus_now()
      from due where b.id = due.id
    returning b.id),
freed as (
    delete from occupancy o using ended e where o.booking_id = e.id)
select count(*) from ended;

-- name: booking_complete
-- End at most $1 stays that are over; how many.
with turn as materialized (
    select pg_try_advisory_xact_lock(hashtextextended('sweep bookings', 0)) as mine),
due as materialized (
    select id from bookings
     where status in ('confirmed', 'checked_in') and check_out_at <= nexus_now() and (select mine from turn)
     order by check_out_at limit $1::int8 for no key update skip locked),
ended as (
    update bookings b
       set status = 'completed', ended_at = nexus_now(), version = version + 1, updated_at = nexus_now()
      from due where b.id = due.id
    returning b.id),
freed as (
    delete from occupancy o using ended e where o.booking_id = e.id)
select count(*) from ended;

-- name: booking_terms
-- What a change of booking $1 begins with, whether $2 to $3 could be had instead of its nights ($2 null: its own), until when the
-- answer to it is waited for, and its open change.
select b.property_id, b.check_in, b.check_out, coalesce(q.adults, b.guests)::int4, coalesce(q.children, 0)::int4,
       coalesce(q.infants, 0)::int4, b.total, b.guest_id, r.request_hours::int4,
       booking_unit_for(b, daterange(coalesce($2, b.check_in), coalesce($3, b.check_out))) is not null,
       exists (select from booking_changes c where c.booking_id = b.id and c.status = 'open' and c.respond_by > nexus_now()),
       b.coupon_id, coalesce(array_to_string(q.child_ages, ','), '')
  from bookings b join booking_rules r on r.property_id = b.property_id left join quotes q on q.id = b.quote_id
 where b.id = $1;

-- name: booking_change_insert
-- $1 change, $2 booking, $3 its new quote, $4 'guest' or 'host', $5 who. One that was not answered in time makes room.
with old as (
    update booking_changes set status = 'expired', decided_at = nexus_now()
     where booking_id = $2 and status = 'open' and respond_by <= nexus_now()),
until as (
    select nexus_now() + r.request_hours * interval '1 hour' as respond_by, b.total, b.guest_id
      from bookings b join booking_rules r on r.property_id = b.property_id where b.id = $2),
kept as (
    update quotes q set expires_at = u.respond_by, guest_id = u.guest_id from until u where q.id = $3
    returning q.total)
insert into booking_changes (id, booking_id, quote_id, requested_by, user_id, difference, respond_by)
select $1, $2, $3, $4, $5, k.total - u.total, u.respond_by from until u, kept k;

-- name: booking_touch
update bookings set version = version + 1, updated_at = nexus_now() where id = $1;

-- name: booking_change_open
-- The open change of a locked booking: who asked for it, and whether it is not too late.
select id, requested_by, respond_by > nexus_now() from booking_changes where booking_id = $1 and status = 'open';

-- name: booking_exchange
-- No row: the nights are somebody else's. $5: paid offline at once (1), offline by hand (0), by another provider (-1).
with done as materialized (
    select booking_exchange($1, $2, $3, $4, case $5::int4 when 1 then true when 0 then false end) as unit)
select unit from done where unit is not null;

-- name: booking_change_end
update booking_changes set status = $2, decided_at = nexus_now() where id = $1;

-- name: booking_change_expire
-- End at most $1 changes that were not answered in time; how many.
with due as materialized (
    select id from booking_changes where status = 'open' and respond_by <= nexus_now()
     order by respond_by limit $1::int8 for no key update skip locked),
ended as (
    update booking_changes c set status = 'expired', decided_at = nexus_now() from due where c.id = due.id returning 1)
select count(*) from ended;

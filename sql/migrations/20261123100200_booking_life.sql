-- The life of a booking: states and what may follow which, holds, requests, cancellation policies, changes.

-- ---------------------------------------------------------------------------------------------------- policies

-- What comes back when a guest cancels. Steps in the order of time: until so many hours before check-in, refund_ppm of what the
-- stay costs, less the share of the first keep_nights nights; after the last step nothing. Whoever books grace_days before
-- check-in or earlier has grace_hours to think it over. Copied into the booking, so that a change here touches none.
create table cancellation_policies (
    name        text     constraint cancellation_policies_pkey primary key
                         constraint cancellation_policies_name_form check (name ~ '^[a-z][a-z_]{0,31}$'),
    position    smallint not null,
    description text     not null,
    steps       jsonb    not null constraint cancellation_policies_steps_list check (jsonb_typeof(steps) = 'array'),
    grace_hours smallint not null default 24 constraint cancellation_policies_grace_range check (grace_hours between 0 and 168),
    grace_days  smallint not null default 7 constraint cancellation_policies_days_range check (grace_days between 0 and 365)
);
insert into cancellation_policies (name, position, description, steps) values
    ('flexible', 1, 'Everything until a day before check-in.',
     '[{"hours": 24, "refund_ppm": 1000000}]'),
    ('moderate', 2, 'Everything until five days before check-in, then half.',
     '[{"hours": 120, "refund_ppm": 1000000}, {"hours": 0, "refund_ppm": 500000}]'),
    ('limited', 3, 'Everything until 14 days before check-in, half until seven days before.',
     '[{"hours": 336, "refund_ppm": 1000000}, {"hours": 168, "refund_ppm": 500000}]'),
    ('firm', 4, 'Everything until 30 days before check-in, half until seven days before.',
     '[{"hours": 720, "refund_ppm": 1000000}, {"hours": 168, "refund_ppm": 500000}]'),
    ('strict', 5, 'Half until seven days before check-in.',
     '[{"hours": 168, "refund_ppm": 500000}]'),
    ('non_refundable', 6, 'Nothing.', '[]'),
    ('long_stay', 7, 'Everything until 30 days before check-in, then all but the first 30 nights.',
     '[{"hours": 720, "refund_ppm": 1000000}, {"hours": 0, "refund_ppm": 1000000, "keep_nights": 30}]');

-- The policy as it is kept in a booking.
create function cancellation_policy(policy text) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('name', name, 'steps', steps, 'grace_hours', grace_hours, 'grace_days', grace_days)
          from cancellation_policies where name = policy);
end $$;

-- ----------------------------------------------------------------------------------------------------- bookings

alter table bookings
    drop constraint bookings_status_known,
    add constraint bookings_status_known check (status in
        ('held', 'requested', 'confirmed', 'checked_in', 'completed', 'cancelled', 'declined', 'expired', 'no_show')),
    add column if not exists host_total bigint,
    add column if not exists platform_total bigint not null default 0,
    add column if not exists tax_total bigint not null default 0,
    add column hold_expires_at timestamptz, -- of a hold: what is not paid by then expires
    add column respond_by      timestamptz, -- of a request: when the host must have answered
    add column confirmed_at    timestamptz, -- when it was sold
    add column ended_at        timestamptz, -- when it came to its last state
    add column policy          jsonb,       -- cancellation_policies as it was; null: everything comes back
    add column refund          bigint constraint bookings_refund_range check (refund between 0 and total),
    add column arrived_at      timestamptz, -- checked in
    add column left_at         timestamptz, -- checked out
    add column check_in_at     timestamptz, -- from when on the guest may come, by the clock of the place
    add column check_out_at    timestamptz, -- when the guest must have left
    add constraint bookings_hold_timed check (status <> 'held' or hold_expires_at is not null),
    add constraint bookings_request_timed check (status <> 'requested' or respond_by is not null),
    add constraint bookings_refund_known check (refund is null or status = 'cancelled');
update bookings set confirmed_at = created_at where status in ('confirmed', 'completed', 'cancelled');

-- What the timers look for.
create index bookings_hold_timer_idx on bookings (hold_expires_at) where status = 'held';
create index bookings_request_timer_idx on bookings (respond_by) where status = 'requested';
create index bookings_stay_timer_idx on bookings (check_out_at) where status in ('confirmed', 'checked_in');
-- Nights that are kept for somebody who may be late, by place; and how many holds somebody has.
create index bookings_kept_idx on bookings (property_id) where status in ('held', 'requested');
create index bookings_guest_held_idx on bookings (guest_id) where status = 'held';

-- Which state may follow which, and by what: src/booking/booking.def in the database; a test compares the two.
create table booking_transitions (
    from_status text not null, -- 'none': how a booking begins
    action      text not null,
    to_status   text not null,
    constraint booking_transitions_pkey primary key (from_status, action)
);
insert into booking_transitions (from_status, action, to_status) values
    ('none', 'hold', 'held'),
    ('none', 'book', 'confirmed'),
    ('none', 'request', 'requested'),
    ('held', 'pay', 'confirmed'),
    ('held', 'cancel', 'cancelled'),
    ('held', 'expire', 'expired'),
    ('requested', 'accept', 'confirmed'),
    ('requested', 'decline', 'declined'),
    ('requested', 'cancel', 'cancelled'),
    ('requested', 'expire', 'expired'),
    ('expired', 'pay', 'confirmed'),
    ('confirmed', 'change', 'confirmed'),
    ('confirmed', 'cancel', 'cancelled'),
    ('confirmed', 'check_in', 'checked_in'),
    ('confirmed', 'no_show', 'no_show'),
    ('confirmed', 'complete', 'completed'),
    ('checked_in', 'check_out', 'completed'),
    ('checked_in', 'complete', 'completed');

create function bookings_allowed() returns trigger language plpgsql as $$
begin
    if not exists (select from booking_transitions t where t.from_status = old.status and t.to_status = new.status) then
        raise exception 'a booking that is % does not become %', old.status, new.status
            using errcode = 'check_violation', constraint = 'bookings_transition_allowed';
    end if;
    return new;
end $$;
create trigger bookings_allowed before update of status on bookings
    for each row when (old.status <> new.status) execute function bookings_allowed();

-- When a guest may come and must leave, by the clock of the place.
create function booking_times(property uuid, check_in date, check_out date, out check_in_at timestamptz, out check_out_at timestamptz)
language plpgsql stable as $$
begin
    select (check_in + r.check_in_from) at time zone p.time_zone, (check_out + r.check_out_until) at time zone p.time_zone
      into check_in_at, check_out_at
      from properties p join booking_rules r on r.property_id = p.id where p.id = property;
end $$;

-- What every booking has, however it is made.
create function bookings_filled() returns trigger language plpgsql as $$
begin
    select t.check_in_at, t.check_out_at into new.check_in_at, new.check_out_at
      from booking_times(new.property_id, new.check_in, new.check_out) t;
    if new.policy is null then
        select cancellation_policy(coalesce((select q.cancellation_policy from quotes q where q.id = new.quote_id), 'flexible'))
          into new.policy;
    end if;
    if new.status = 'confirmed' then
        new.confirmed_at := coalesce(new.confirmed_at, new.created_at);
    end if;
    return new;
end $$;
create trigger bookings_filled before insert on bookings for each row execute function bookings_filled();

-- No hold or request of a property ends before its due_at: who sees nights gone knows by it whether somebody's time may be up.
-- A bound: it is kept where they are made, and made anew where they end, unless somebody else is just selling there.
alter table property_search add column due_at timestamptz;
create function search_due(property uuid) returns void language plpgsql as $$
begin
    -- Whoever waited here could be waited for. The lock first, then a fresh snapshot.
    perform from property_search where property_id = property for no key update skip locked;
    if found then
        update property_search
           set due_at = (select min(case b.status when 'held' then b.hold_expires_at else b.respond_by end)
                           from bookings b where b.property_id = property and b.status in ('held', 'requested'))
         where property_id = property;
    end if;
end $$;
create function bookings_due() returns trigger language plpgsql as $$
begin
    if new.status in ('held', 'requested') then
        update property_search
           set due_at = least(due_at, case new.status when 'held' then new.hold_expires_at else new.respond_by end)
         where property_id = new.property_id;
    else
        perform search_due(new.property_id);
    end if;
    return null;
end $$;
create trigger bookings_due_new after insert on bookings
    for each row when (new.status in ('held', 'requested')) execute function bookings_due();
create trigger bookings_due after update of status, hold_expires_at, respond_by on bookings
    for each row when (old.status in ('held', 'requested')) execute function bookings_due();

create or replace function search_rebuild() returns bigint language plpgsql as $$
declare
    n bigint;
begin
    delete from property_search;
    -- Neighbours on the map become neighbours on disk: a search touches few pages.
    insert into property_search
        select * from property_search_truth order by floor(location[0] * 20), floor(location[1] * 20), property_id;
    get diagnostics n = row_count;
    perform search_due(property_id) from (select distinct property_id from bookings where status in ('held', 'requested')) kept;
    return n;
end $$;

alter table bookings alter column created_at set default nexus_now(), alter column updated_at set default nexus_now();
-- That a quote was booked is looked at by everybody who tries; it is the bookings that say so, and they say it here too.
alter table quotes alter column created_at set default nexus_now(), add column used_at timestamptz;
update quotes q set used_at = b.created_at from bookings b where b.quote_id = q.id;
create function bookings_use_quote() returns trigger language plpgsql as $$
begin
    update quotes set used_at = nexus_now() where id = new.quote_id and used_at is null;
    return null;
end $$;
create trigger bookings_use_quote after insert or update of quote_id on bookings
    for each row when (new.quote_id is not null) execute function bookings_use_quote();

-- ------------------------------------------------------------------------------------------------------ refunds

-- What comes back when a guest cancels, as steps in the order of time: before `until` it is `refund`, after the last nothing.
-- Rounded down to the minor unit. A booking without a policy gives everything back until check-in.
create function refund_steps(policy jsonb, total bigint, nights integer, confirmed_at timestamptz, check_in_at timestamptz)
returns table (until timestamptz, refund bigint) language sql immutable parallel safe as $$
    with step as (
        select check_in_at - (s->>'hours')::integer * interval '1 hour' as until,
               div(total::numeric * (s->>'refund_ppm')::bigint
                   * greatest(nights - coalesce((s->>'keep_nights')::integer, 0), 0), 1000000::numeric * nights)::bigint as refund
          from jsonb_array_elements(coalesce(policy->'steps', '[{"hours": 0, "refund_ppm": 1000000}]')) s
        union all
        select confirmed_at + (policy->>'grace_hours')::integer * interval '1 hour', total
         where confirmed_at + (policy->>'grace_days')::integer * interval '24 hours' <= check_in_at
           and (policy->>'grace_hours')::integer > 0),
    best as (
        select s.until, max(s.refund) over (order by s.until desc) as refund from step s),
    each as (
        select b.until, max(b.refund) as refund from best b group by b.until)
    select e.until, e.refund
      from (select each.*, lead(each.refund) over (order by each.until) as next from each) e
     where e.refund > 0 and e.refund is distinct from e.next
     order by e.until
$$;

create function refund_at(b bookings, instant timestamptz) returns bigint language plpgsql immutable parallel safe as $$
begin
    return coalesce((select s.refund
                       from refund_steps(b.policy, b.total, b.check_out - b.check_in, b.confirmed_at, b.check_in_at) s
                      where instant < s.until order by s.until limit 1), 0);
end $$;

-- RFC 3339 with the offset of the zone at that time.
create function local_text(instant timestamptz, zone text) returns text language plpgsql stable parallel safe as $$
declare
    seconds integer := extract(epoch from (instant at time zone zone) - (instant at time zone 'UTC'))::integer;
begin
    return to_char(instant at time zone zone, 'YYYY-MM-DD"T"HH24:MI:SS') || case when seconds < 0 then '-' else '+' end
           || to_char(abs(seconds) / 3600, 'FM00') || ':' || to_char(abs(seconds) % 3600 / 60, 'FM00');
end $$;

create function refund_steps_json(b bookings) returns jsonb language plpgsql stable as $$
begin
    return (
        select coalesce(jsonb_agg(jsonb_build_object('until', local_text(s.until, p.time_zone), 'refund',
                                                     jsonb_build_object('amount', s.refund, 'currency', b.currency)) order by s.until), '[]')
          from properties p
               cross join lateral refund_steps(b.policy, b.total, b.check_out - b.check_in, b.confirmed_at, b.check_in_at) s
         where p.id = b.property_id);
end $$;

-- The guest or the host calls a locked booking off. A host gives everything back, a guest gets the step of the moment: the time is
-- taken after the lock was had; the ledger follows bookings.refund. What was paid beyond what is kept goes back; what is still open is not asked for any more.
create function booking_cancel(booking uuid, by_user uuid) returns bigint language plpgsql as $$
declare
    b    bookings;
    moment timestamptz := nexus_clock();
    back bigint;
    paid bigint;
begin
    select * into strict b from bookings where id = booking for no key update;
    back := case when b.status <> 'confirmed' then null when by_user = b.guest_id then refund_at(b, moment) else b.total end;
    update bookings
       set status = 'cancelled', refund = back, cancelled_at = moment, ended_at = moment, cancelled_by = by_user, version = version + 1,
           updated_at = moment
     where id = booking;
    delete from occupancy where booking_id = booking;
    if back is not null then
        perform payment_close(booking);
        paid := payment_paid(booking);
        if paid > b.total - back then
            perform payment_refund(booking, null, paid - (b.total - back), 'the booking was cancelled', false);
        end if;
    end if;
    return back;
end $$;

-- What ends without having been sold owes nothing: whatever was paid goes back.
create function bookings_unsold() returns trigger language plpgsql as $$
begin
    perform payment_close(new.id);
    perform payment_refund(new.id, null, 1000000000000000, 'the stay was not sold', false);
    return null;
end $$;
create trigger bookings_unsold after update of status on bookings
    for each row when (old.status in ('held', 'requested') and new.status in ('expired', 'declined', 'cancelled'))
    execute function bookings_unsold();

-- ----------------------------------------------------------------------------------------------- taking a stay

-- Who may hold one more: those of one guest come one after the other, so that the count is exact.
create function hold_allowed(guest uuid, most bigint) returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('hold/' || guest::text, 0));
    return (select count(*) from bookings b
             where b.guest_id = guest and b.status = 'held' and b.hold_expires_at > nexus_now()) < most;
end $$;

-- Take the nights of a quote for a guest: as booking, as request where the host wants to be asked, or only held; all parameters
-- are those of the statement booking_create. What comes back is what is to be said of the quote: 'made', 'lost' where the nights
-- are gone, or why nothing was tried; null where there is no such quote for this guest.
-- Whoever closes the account of guest or host waits for the booking, or the booking finds it closed and
-- occupancy_booking_fkey takes the nights back.
create function booking_attempt(booking uuid, guest uuid, quote uuid, nights uuid, payment uuid, instant boolean,
                                hold boolean, hold_us bigint, hold_most bigint) returns text language plpgsql as $$
declare
    q       quotes;
    host    uuid;
    verdict text;
    rules   record;
    unit    uuid;
    sold    text; -- the status it is sold in
begin
    select * into q from quotes where id = quote and (guest_id = guest or guest_id is null);
    if not found then
        return null;
    end if;
    select p.host_id,
           case when q.used_at is not null then 'used'
                when q.expires_at <= nexus_now() then 'expired'
                when p.status <> 'published' or p.withheld then 'closed'
                when p.host_id = guest then 'own'
                when q.check_in < (nexus_now() at time zone p.time_zone)::date then 'past'
                when q.coupon_id is not null and not coupon_left(q.coupon_id, guest) then 'coupon' end
      into host, verdict
      from properties p where p.id = q.property_id;
    if verdict is not null then
        return verdict;
    end if;
    select r.instant_book, r.request_hours into rules from booking_rules r where r.property_id = q.property_id;
    if hold and not rules.instant_book then
        return 'request';
    elsif hold and not hold_allowed(guest, hold_most) then
        return 'limit';
    end if;
    unit := occupancy_take(nights, q.property_id, daterange(q.check_in, q.check_out), booking);
    if unit is null then
        return 'lost';
    end if;
    sold := case when hold then 'held' when rules.instant_book then 'confirmed' else 'requested' end;
    insert into bookings (id, quote_id, property_id, unit_id, guest_id, host_id, status, check_in, check_out, guests,
                          total, host_total, platform_total, tax_total, currency, coupon_id, hold_expires_at, respond_by)
    select booking, q.id, q.property_id, unit, guest, h.id, sold, q.check_in, q.check_out, q.guests, q.total, q.host_total,
           q.platform_total, q.tax_total, q.currency, q.coupon_id,
           case sold when 'held' then nexus_now() + hold_us * interval '1 microsecond' end,
           case sold when 'requested' then nexus_now() + rules.request_hours * interval '1 hour' end
      from users h, users g
     where h.id = host and g.id = guest and h.status = 'active' and g.status = 'active'
       for key share of h, g;
    if not found then
        return 'closed';
    end if;
    if sold = 'confirmed' then
        insert into payments (id, booking_id, provider, purpose, status, amount, currency, captured, captured_at)
        select payment, b.id, 'offline', 'charge', case when instant then 'captured' else 'pending' end, b.total, b.currency,
               case when instant then b.total else 0 end, case when instant then nexus_now() end
          from bookings b where b.id = booking and b.total > 0;
    end if;
    return 'made';
end $$;

-- Money has come for a booking, of which `amount` is new; what becomes of it: 'confirmed', 'earlier' (it was sold already and the
-- money is owed), 'twice' (it was paid for already) or 'too_late' (the nights are somebody else's, or the coupon's last use,
-- or the booking was called off).
-- The caller gives back what came twice or too late. Captured payments are counted with the new one among them.
create function booking_pay(booking uuid, amount bigint, nights uuid) returns text language plpgsql as $$
declare
    b     bookings;
    taken uuid;
    today date;
begin
    select * into b from bookings where id = booking for no key update;
    if b.status in ('confirmed', 'checked_in', 'completed', 'no_show') then
        return case when payment_paid(booking) > b.total then 'twice' else 'earlier' end;
    elsif b.status = 'requested' then
        return 'earlier';
    elsif b.status = 'held' then
        taken := b.unit_id;
    elsif b.status = 'expired' then
        select (nexus_now() at time zone p.time_zone)::date into today from properties p where p.id = b.property_id;
        if b.check_in >= today and (b.coupon_id is null or coupon_left(b.coupon_id, b.guest_id)) then
            taken := occupancy_take(nights, b.property_id, daterange(b.check_in, b.check_out), booking);
        end if;
    end if;
    if taken is null then
        return 'too_late';
    end if;
    update bookings set status = 'confirmed', unit_id = taken, confirmed_at = nexus_now(), ended_at = null, version = version + 1,
                        updated_at = nexus_now()
     where id = booking;
    return 'confirmed';
end $$;

-- ------------------------------------------------------------------------------------------------------ changes

-- Other dates or guests for a booking, asked for by one party, answered by the other; a quote freezes what they cost.
create table booking_changes (
    id           uuid        constraint booking_changes_pkey primary key,
    booking_id   uuid        not null constraint booking_changes_booking_fkey references bookings,
    quote_id     uuid        not null constraint booking_changes_quote_fkey references quotes,
    requested_by text        not null constraint booking_changes_party_known check (requested_by in ('guest', 'host')),
    user_id      uuid        not null constraint booking_changes_user_fkey references users,
    status       text        not null default 'open' constraint booking_changes_status_known check
                             (status in ('open', 'accepted', 'declined', 'withdrawn', 'expired')),
    difference   bigint      not null, -- of what the guest pays; below zero: it comes back
    respond_by   timestamptz not null,
    created_at   timestamptz not null default nexus_now(),
    decided_at   timestamptz,
    constraint booking_changes_decided_known check ((status = 'open') = (decided_at is null))
);
create unique index booking_changes_open_key on booking_changes (booking_id) where status = 'open';
create index booking_changes_booking_idx on booking_changes (booking_id, created_at);
create index booking_changes_quote_idx on booking_changes (quote_id);
create index booking_changes_timer_idx on booking_changes (respond_by) where status = 'open';

-- The unit on which a locked booking could have these nights instead of its own; its own first. Null: none.
create function booking_unit_for(b bookings, stay daterange) returns uuid language plpgsql stable as $$
begin
    return (
        select u.id
          from units u join booking_rules r on r.property_id = u.property_id
         where u.property_id = b.property_id
           and not exists (select from occupancy o
                            where o.unit_id = u.id and o.nights && daterange(lower(stay), upper(stay) + r.preparation_nights)
                              and o.booking_id is distinct from b.id)
         order by u.id <> b.unit_id, u.position limit 1);
end $$;

-- Carry out the open change of a locked booking: its nights are exchanged by one statement under the constraint of the inventory,
-- its price is that of the quote, and what was paid beyond it goes back. Null where the nights are somebody else's; the caller
-- then rolls back. `instant`: what is to be paid on top is paid offline at once; null: by the guest, as anything that is owed.
create function booking_exchange(booking uuid, change uuid, nights uuid, payment uuid, instant boolean) returns uuid
language plpgsql as $$
declare
    b     bookings;
    q     quotes;
    unit  uuid;
    after integer;
    paid  bigint;
begin
    select * into strict b from bookings where id = booking for no key update;
    select x.* into strict q from quotes x join booking_changes c on c.quote_id = x.id where c.id = change;
    select r.preparation_nights into after from booking_rules r where r.property_id = b.property_id;
    unit := booking_unit_for(b, daterange(q.check_in, q.check_out));
    with gone as (delete from occupancy where booking_id = booking returning 1)
    insert into occupancy (id, unit_id, nights, kind, booking_id)
    select nights, unit, daterange(q.check_in, q.check_out + after), 'booking', booking from (select count(*) from gone) first
     where unit is not null
        on conflict do nothing;
    if not found then
        return null;
    end if;
    update bookings
       set unit_id = unit, quote_id = q.id, check_in = q.check_in, check_out = q.check_out, guests = q.guests, total = q.total,
           host_total = q.host_total, platform_total = q.platform_total, tax_total = q.tax_total,
           (check_in_at, check_out_at) = (select t.check_in_at, t.check_out_at
                                            from booking_times(b.property_id, q.check_in, q.check_out) t),
           version = version + 1, updated_at = nexus_now()
     where id = booking;
    update booking_changes set status = 'accepted', decided_at = nexus_now() where id = change;
    paid := payment_paid(booking);
    if paid > q.total then
        perform payment_refund(booking, null, paid - q.total, 'the booking was changed', false);
    elsif paid < q.total and instant is not null then
        insert into payments (id, booking_id, provider, purpose, status, amount, currency, captured, captured_at)
        values (payment, booking, 'offline', 'charge', case when instant then 'captured' else 'pending' end, q.total - paid,
                q.currency, case when instant then q.total - paid else 0 end, case when instant then nexus_now() end)
            on conflict do nothing; -- an open one is there already
    end if;
    return unit;
end $$;

-- What is shown of the latest change of a booking.
create function booking_change_json(b bookings) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_build_object('id', c.id, 'status', c.status, 'requested_by', c.requested_by, 'check_in', q.check_in,
                                  'check_out', q.check_out, 'guests', q.guests,
                                  'total', jsonb_build_object('amount', q.total, 'currency', q.currency),
                                  'difference', jsonb_build_object('amount', c.difference, 'currency', q.currency),
                                  'respond_by', to_char(c.respond_by at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
          from booking_changes c join quotes q on q.id = c.quote_id
         where c.booking_id = b.id order by c.created_at desc, c.id desc limit 1);
end $$;

grant select, insert, update on booking_changes to nexus_api;
grant select on booking_transitions, cancellation_policies to nexus_api;

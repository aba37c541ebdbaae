-- The log of events: what has happened, numbered without gaps in the order of commits; and the webhooks made of it.
--
-- An event is written by a trigger of the fact, when its transaction commits (the triggers are deferred), into events_new. There
-- it gets a number of a sequence, so that what was committed before another commit began has the lower one. Numbers of the log are
-- given by one process at a time (events_sequence) to what it sees, which is committed: nothing appears later below a number
-- somebody has seen, and none is missing. A writer waits for nobody.

create table events_new (
    seq         bigint      generated always as identity constraint events_new_pkey primary key,
    type        text        not null,
    kind        text        not null,
    subject     uuid        not null,
    property_id uuid,       -- whose co-hosts may read bookings see it too
    users       uuid[]      not null, -- who may see it
    payload     jsonb       not null,
    at          timestamptz not null default nexus_now()
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

create table events (
    number      bigint      constraint events_pkey primary key,
    id          uuid        not null default gen_random_uuid(), -- of its webhooks
    type        text        not null,
    kind        text        not null,
    subject     uuid        not null,
    property_id uuid,
    payload     jsonb       not null,
    at          timestamptz not null
);
create index events_at_idx on events (at);

-- Who sees which.
create table event_readers (
    user_id uuid,
    number  bigint,
    constraint event_readers_pkey primary key (user_id, number)
);
create index event_readers_number_idx on event_readers (number);

create table event_head (
    one    boolean constraint event_head_pkey primary key default true constraint event_head_single check (one),
    number bigint  not null default 0
);
insert into event_head default values;

-- Endpoints of users. The secrets are sealed with secret_file.
create table webhook_endpoints (
    id              uuid        constraint webhook_endpoints_pkey primary key,
    user_id         uuid        not null constraint webhook_endpoints_user_fkey references users,
    url             text        not null constraint webhook_endpoints_url_length check (length(url) between 1 and 2000),
    description     text        not null default '' constraint webhook_endpoints_description_length check (length(description) <= 200),
    types           text[]      not null default '{}', -- none: all
    status          text        not null default 'enabled' constraint webhook_endpoints_status_known
                                check (status in ('enabled', 'disabled', 'gone')),
    secret          bytea       not null,
    old_secret      bytea,
    old_until       timestamptz, -- until when it signs, too
    failures        integer     not null default 0, -- in a row
    open_until      timestamptz, -- the breaker: nothing is tried before
    version         bigint      not null default 1,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    constraint webhook_endpoints_old_timed check ((old_secret is null) = (old_until is null))
);
create index webhook_endpoints_user_idx on webhook_endpoints (user_id, created_at, id);

create table webhook_deliveries (
    endpoint_id uuid        constraint webhook_deliveries_endpoint_fkey references webhook_endpoints on delete cascade,
    number      bigint      constraint webhook_deliveries_event_fkey references events on delete cascade,
    id          uuid        not null default uuid_v7() constraint webhook_deliveries_id_key unique,
    type        text        not null,
    subject     uuid        not null,
    status      text        not null default 'waiting' constraint webhook_deliveries_status_known
                            check (status in ('waiting', 'delivered', 'failed', 'cancelled')),
    attempts    integer     not null default 0,
    next_at     timestamptz not null default nexus_now(),
    created_at  timestamptz not null default nexus_now(), -- what is given up counts from here
    finished_at timestamptz,
    http_status integer,
    log         jsonb       not null default '[]', -- of the last attempts
    constraint webhook_deliveries_pkey primary key (endpoint_id, number)
) with (fillfactor = 80);
create index webhook_deliveries_waiting_idx on webhook_deliveries (endpoint_id, number) where status = 'waiting';
create index webhook_deliveries_subject_idx on webhook_deliveries (endpoint_id, subject, number) where status = 'waiting';
create index webhook_deliveries_number_idx on webhook_deliveries (number);
create index webhook_deliveries_created_idx on webhook_deliveries (endpoint_id, created_at, id);

-- Which endpoints an event goes to: those of who sees it that ask for its type. A test goes to the endpoint it is about.
create function webhook_wants(e webhook_endpoints, type text, subject uuid) returns boolean language sql immutable parallel safe as $$
    select e.status = 'enabled' and case when type = 'webhook.test' then e.id = subject else e.types = '{}' or type = any (e.types) end
$$;

-- Give numbers to at most `most` events, tell who sees them, and who is to be told. How many.
create function events_sequence(most bigint) returns bigint language plpgsql as $$
declare
    head   bigint;
    given  bigint;
    target uuid;
begin
    if not exists (select from events_new) or not pg_try_advisory_xact_lock(7960147961527496308) then
        return 0;
    end if;
    select number into head from event_head;
    with taken as (
        delete from events_new where seq in (select seq from events_new order by seq limit most) returning *),
    numbered as (
        select head + row_number() over (order by t.seq) as number, t.* from taken t),
    written as (
        insert into events (number, type, kind, subject, property_id, payload, at)
        select n.number, n.type, n.kind, n.subject, n.property_id, n.payload, n.at from numbered n order by n.number),
    read_by as (
        insert into event_readers (user_id, number)
        select u.id, n.number from numbered n cross join lateral (
            select unnest(n.users)
            union select m.user_id from property_members m
             where m.property_id = n.property_id and 'booking.read' = any (m.permissions)) u(id)
         where u.id is not null)
    select count(*) into given from taken;
    update event_head set number = head + given where given > 0;
    for target in
        with sent as (
            insert into webhook_deliveries (endpoint_id, number, type, subject)
            select w.id, e.number, e.type, e.subject
              from events e join event_readers r on r.number = e.number join webhook_endpoints w on w.user_id = r.user_id
             where e.number > head and e.number <= head + given and webhook_wants(w, e.type, e.subject)
            returning endpoint_id)
        select distinct endpoint_id from sent
    loop
        perform job_add('webhook-deliver', target::text, jsonb_build_object('endpoint', target));
    end loop;
    return given;
end $$;

-- ---------------------------------------------------------------------------------------------------- the facts
-- Types are those of src/event/types.def; a test compares.

create function event_booking() returns trigger language plpgsql as $$
begin
    insert into events_new (type, kind, subject, property_id, users, payload)
    values ('booking.' || case when tg_op = 'UPDATE' and old.status = new.status then 'changed' else new.status end,
            'booking', new.id, new.property_id, array[new.guest_id, new.host_id],
            jsonb_build_object('status', new.status, 'property_id', new.property_id, 'guest_id', new.guest_id, 'host_id', new.host_id,
                               'check_in', new.check_in, 'check_out', new.check_out, 'guests', new.guests,
                               'total', jsonb_build_object('amount', new.total, 'currency', new.currency), 'version', new.version));
    return null;
end $$;
create constraint trigger bookings_event_made after insert on bookings deferrable initially deferred
    for each row execute function event_booking();
create constraint trigger bookings_event_changed after update of status, check_in, check_out, guests, total on bookings deferrable initially deferred
    for each row when ((old.status, old.check_in, old.check_out, old.guests, old.total)
                       is distinct from (new.status, new.check_in, new.check_out, new.guests, new.total))
    execute function event_booking();

create function event_payment() returns trigger language plpgsql as $$
begin
    insert into events_new (type, kind, subject, property_id, users, payload)
    select 'payment.' || new.status, 'payment', new.id, b.property_id, array[b.guest_id, b.host_id],
           jsonb_build_object('status', new.status, 'booking_id', new.booking_id, 'provider', new.provider, 'purpose', new.purpose,
                              'amount', jsonb_build_object('amount', new.amount, 'currency', new.currency),
                              'captured', jsonb_build_object('amount', new.captured, 'currency', new.currency), 'version', new.version)
      from bookings b where b.id = new.booking_id;
    return null;
end $$;
create constraint trigger payments_event_made after insert on payments deferrable initially deferred
    for each row execute function event_payment();
create constraint trigger payments_event_changed after update of status, captured on payments deferrable initially deferred
    for each row when ((old.status, old.captured) is distinct from (new.status, new.captured)) execute function event_payment();

create function event_refund() returns trigger language plpgsql as $$
begin
    insert into events_new (type, kind, subject, property_id, users, payload)
    select 'refund.' || new.status, 'refund', new.id, b.property_id, array[b.guest_id, b.host_id],
           jsonb_build_object('status', new.status, 'booking_id', new.booking_id, 'payment_id', new.payment_id,
                              'amount', jsonb_build_object('amount', new.amount, 'currency', new.currency), 'version', new.version)
      from bookings b where b.id = new.booking_id;
    return null;
end $$;
create constraint trigger refunds_event_made after insert on refunds deferrable initially deferred
    for each row execute function event_refund();
create constraint trigger refunds_event_changed after update of status on refunds deferrable initially deferred
    for each row when (old.status <> new.status) execute function event_refund();

create function event_payout() returns trigger language plpgsql as $$
begin
    insert into events_new (type, kind, subject, users, payload)
    values ('payout.' || new.status, 'payout', new.id, array[new.payee_id],
            jsonb_build_object('status', new.status, 'provider', new.provider,
                               'amount', jsonb_build_object('amount', new.amount, 'currency', new.currency), 'version', new.version));
    return null;
end $$;
create constraint trigger payouts_event_made after insert on payouts deferrable initially deferred
    for each row execute function event_payout();
create constraint trigger payouts_event_changed after update of status on payouts deferrable initially deferred
    for each row when (old.status <> new.status) execute function event_payout();

-- Members of the property are told of bookings, so what is about the place itself goes to them and its host.
create function event_property() returns trigger language plpgsql as $$
begin
    insert into events_new (type, kind, subject, property_id, users, payload)
    values ('property.' || case when tg_op = 'INSERT' then 'created' else 'updated' end, 'property', new.id, new.id, array[new.host_id],
            jsonb_build_object('status', new.status, 'version', new.version));
    return null;
end $$;
create constraint trigger properties_event_made after insert on properties deferrable initially deferred
    for each row execute function event_property();
create constraint trigger properties_event_changed after update on properties deferrable initially deferred
    for each row when (old.version <> new.version) execute function event_property();

create function event_review() returns trigger language plpgsql as $$
begin
    insert into events_new (type, kind, subject, property_id, users, payload)
    select 'review.' || case when tg_op = 'INSERT' then 'created' else 'updated' end, 'review', new.id, new.property_id,
           array[new.author_id, p.host_id],
           jsonb_build_object('property_id', new.property_id, 'booking_id', new.booking_id, 'rating', new.rating)
      from properties p where p.id = new.property_id;
    return null;
end $$;
create constraint trigger reviews_event_made after insert on reviews deferrable initially deferred
    for each row execute function event_review();
create constraint trigger reviews_event_changed after update on reviews deferrable initially deferred
    for each row execute function event_review();

-- Of a calendar, one event a statement and property: which nights are sold is told by bookings, what they cost and who may come by
-- this. The nights are those that were touched; none: any.
create function event_calendar(property uuid, first date, last date) returns void language plpgsql as $$
begin
    insert into events_new (type, kind, subject, property_id, users, payload)
    select 'calendar.changed', 'calendar', p.id, p.id, array[p.host_id],
           jsonb_strip_nulls(jsonb_build_object('property_id', p.id, 'from', first, 'to', last))
      from properties p where p.id = property;
end $$;
create function event_nights() returns trigger language plpgsql as $$
begin
    perform event_calendar(r.property_id, min(r.night), max(r.night) + 1) from rows r group by r.property_id;
    return null;
end $$;
create trigger calendar_nights_event_made after insert on calendar_nights
    referencing new table as rows for each statement execute function event_nights();
create trigger calendar_nights_event_changed after update on calendar_nights
    referencing new table as rows for each statement execute function event_nights();
create trigger calendar_nights_event_gone after delete on calendar_nights
    referencing old table as rows for each statement execute function event_nights();

create function event_block() returns trigger language plpgsql as $$
declare
    o occupancy := case when tg_op = 'DELETE' then old else new end;
begin
    perform event_calendar(u.property_id, lower(o.nights), upper(o.nights)) from units u where u.id = o.unit_id;
    return null;
end $$;
create constraint trigger occupancy_event_made after insert on occupancy deferrable initially deferred
    for each row when (new.kind = 'block') execute function event_block();
create constraint trigger occupancy_event_gone after delete on occupancy deferrable initially deferred
    for each row when (old.kind = 'block') execute function event_block();

create function event_rules() returns trigger language plpgsql as $$
begin
    perform event_calendar(new.property_id, null, null);
    return null;
end $$;
create constraint trigger booking_rules_event_changed after update on booking_rules deferrable initially deferred
    for each row when (old.version <> new.version) execute function event_rules();

grant select, insert, update, delete on events_new, events, event_readers, webhook_endpoints, webhook_deliveries to nexus_api;
grant select, update on event_head to nexus_api;

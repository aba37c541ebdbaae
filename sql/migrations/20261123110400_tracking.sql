-- Who asked for what from where: the log of requests, addresses that are blocked, addresses that attract attention.

-- ------------------------------------------------------------------------------------------------- log of requests

-- One row a request that has reached a worker, probes left out. Written in batches by one process a host; one partition
-- a UTC day, so that what is old goes by dropping tables. Real time, not business time.
create table request_log (
    at        timestamptz not null,
    id        uuid        not null, -- request id
    address   inet,                 -- null: none was known, or it is a pseudonym by now
    pseudonym text,                 -- the same for the same address, as long as secret_file is
    user_id   uuid,                 -- no foreign key: a row outlives what it tells of
    method    text        not null,
    path      text        not null, -- without query; of an operation with a secret in its path: the template
    status    smallint    not null,
    op        text,
    country   text,                 -- ISO 3166-1, when there is a database of locations
    city      text,
    constraint request_log_pkey primary key (at, id)
) partition by range (at);
create index request_log_address_idx on request_log (host(address), at, id) where address is not null;
create index request_log_pseudonym_idx on request_log (pseudonym, at, id) where pseudonym is not null;
create index request_log_user_idx on request_log (user_id, at, id) where user_id is not null;

-- Partitions from `first` on for so many days, where they are missing. Attached rather than made as partitions: that
-- keeps nobody from writing. How many were made.
create function request_log_prepare(first date, days integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    day  date;
    name text;
    made integer := 0;
begin
    if days not between 1 and 400 then
        raise exception 'request_log_prepare: % days', days;
    end if;
    for day in select first + i from generate_series(0, days - 1) i loop
        name := 'request_log_' || to_char(day, 'YYYYMMDD');
        if to_regclass(name) is null then
            perform pg_advisory_xact_lock(hashtext('request_log_prepare'));
            if to_regclass(name) is null then
                execute format('create table %I (like request_log including all)', name);
                execute format('alter table request_log attach partition %I for values from (%L) to (%L)',
                               name, day || ' 00:00:00+00', day + 1 || ' 00:00:00+00');
                made := made + 1;
            end if;
        end if;
    end loop;
    return made;
end $$;

-- Drop partitions all of which is older; how many.
create function request_log_drop(older timestamptz) returns integer
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '2s' as $$
declare
    name text;
    gone integer := 0;
begin
    for name in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
                 where i.inhparent = 'request_log'::regclass and c.relname ~ '^request_log_[0-9]{8}$'
                   and (to_date(right(c.relname, 8), 'YYYYMMDD') + 1)::timestamp at time zone 'UTC' <= older
                 order by 1 loop
        execute format('drop table %I', name);
        gone := gone + 1;
    end loop;
    return gone;
end $$;

-- ------------------------------------------------------------------------------------------------- blocked addresses

create table address_blocks (
    id         uuid        constraint address_blocks_pkey primary key,
    network    cidr        not null constraint address_blocks_network_key unique
               constraint address_blocks_network_width check (masklen(network) >= case family(network) when 4 then 8 else 16 end)
               constraint address_blocks_network_mapped check (not network && '::ffff:0:0/96'),
    reason     text        not null constraint address_blocks_reason_length check (length(reason) between 1 and 500),
    expires_at timestamptz, -- null: never
    created_by uuid,        -- null: at the shell
    created_at timestamptz not null default now()
);
create index address_blocks_created_idx on address_blocks (created_at, id);
create index address_blocks_expires_idx on address_blocks (expires_at, id);

-- One row that changes with every change of the list: hosts look at it several times a second.
create table address_blocks_edition (
    one     boolean constraint address_blocks_edition_pkey primary key default true constraint address_blocks_edition_one check (one),
    edition bigint  not null
);
insert into address_blocks_edition (edition) values (1);

create function address_blocks_changed() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update address_blocks_edition set edition = edition + 1;
    return null;
end $$;
create trigger address_blocks_changed after insert or update or delete or truncate on address_blocks
    for each statement execute function address_blocks_changed();

-- Workers keep so many (BLOCKLIST_MAX): one more would be a block that does not block. Deferred, so that the lock on the
-- row above has made writers one after the other.
create function address_blocks_room() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if (select count(*) from address_blocks) > 20000 then
        raise exception 'there are 20000 blocks already' using errcode = '23514', constraint = 'address_blocks_room';
    end if;
    return null;
end $$;
create trigger address_blocks_room after insert on address_blocks for each statement execute function address_blocks_room();

-- ------------------------------------------------------------------------------------------------- flagged addresses

-- What an address did in one hour that is worth a look.
create table address_flags (
    id             uuid        constraint address_flags_pkey primary key,
    hour           timestamptz not null,
    address        inet,
    pseudonym      text,
    reasons        text[]      not null constraint address_flags_reasons_known
                               check (reasons <@ array['requests', 'admin_path', 'login_path'] and cardinality(reasons) > 0),
    requests       integer     not null,
    admin_requests integer     not null,
    login_requests integer     not null,
    refused        integer     not null, -- answered 400 to 499
    users          integer     not null, -- different accounts
    country        text,
    first_at       timestamptz not null,
    last_at        timestamptz not null,
    created_at     timestamptz not null default now()
);
create unique index address_flags_hour_address_key on address_flags (hour, host(address)) where address is not null;
create index address_flags_hour_idx on address_flags (hour, id);
create index address_flags_address_idx on address_flags (host(address), hour, id) where address is not null;
create index address_flags_pseudonym_idx on address_flags (pseudonym, hour, id) where pseudonym is not null;

grant select, insert, update on request_log to nexus_api;
grant select, insert, update, delete on address_blocks, address_flags to nexus_api;
grant select on address_blocks_edition to nexus_api;
revoke execute on function request_log_prepare(date, integer), request_log_drop(timestamptz), address_blocks_changed(),
                           address_blocks_room() from public;
grant execute on function request_log_prepare(date, integer), request_log_drop(timestamptz) to nexus_api;

-- Up to when the log has been looked through.
create table address_flags_done (
    one   boolean     constraint address_flags_done_pkey primary key default true constraint address_flags_done_one check (one),
    until timestamptz not null
);
insert into address_flags_done (until) values (date_trunc('hour', now(), 'UTC'));
grant select, update on address_flags_done to nexus_api;

-- Flag the addresses of the next whole hour that is over for a minute, at most a week back; false when there is none. More than
-- `requests` requests, or any for a path of administration or log-in.
create function address_flags_next(requests integer) returns boolean language plpgsql set search_path = public, pg_temp as $$
declare
    h timestamptz;
begin
    select greatest(d.until, date_trunc('hour', now(), 'UTC') - interval '7 days') into h from address_flags_done d for update;
    if h + interval '61 minutes' > now() then
        return false;
    end if;
    insert into address_flags (id, hour, address, reasons, requests, admin_requests, login_requests, refused, users, country,
                               first_at, last_at)
    select uuid_v7(), h, a.address,
           array_remove(array[case when n > $1 then 'requests' end, case when admin > 0 then 'admin_path' end,
                              case when login > 0 then 'login_path' end], null),
           n, admin, login, a.refused, a.users, a.country, a.first_at, a.last_at
      from (select l.address, count(*) as n,
                   count(*) filter (where path ~* '/[a-z-]*admin[a-z]*(/|\.|$)' or path ~ '^/v1/(audit|roles)(/|$)') as admin,
                   count(*) filter (where path ~* '/[a-z-]*(log-?in|sign-?in)[a-z]*(/|\.|$)') as login,
                   count(*) filter (where status between 400 and 499) as refused,
                   count(distinct user_id) as users, max(l.country) as country, min(at) as first_at, max(at) as last_at
              from request_log l
             where at >= h and at < h + interval '1 hour' and l.address is not null
             group by l.address) a
     where n > $1 or admin > 0 or login > 0
    on conflict do nothing;
    update address_flags_done set until = h + interval '1 hour';
    return true;
end $$;

-- ------------------------------------------------------------------------------------------------- house-keeping

-- Each deletes what nobody can use any more, at most so many rows, by an index on the time it asks for, and waits for nobody.
-- How many.
create function keep_mailed_tokens(most integer) returns bigint language sql as $$
    with gone as (delete from mailed_tokens where hash in (
        select hash from mailed_tokens where expires_at < now() - interval '1 day' order by expires_at limit most
           for update skip locked) returning 1)
    select count(*) from gone
$$;
create function keep_oauth_codes(most integer) returns bigint language sql as $$
    with gone as (delete from oauth_codes where hash in (
        select hash from oauth_codes where expires_at < now() - interval '1 day' order by expires_at limit most
           for update skip locked) returning 1)
    select count(*) from gone
$$;
create function keep_login_attempts(most integer) returns bigint language sql as $$
    with gone as (delete from login_attempts where hash in (
        select hash from login_attempts where expires_at < now() order by expires_at limit most for update skip locked)
        returning 1)
    select count(*) from gone
$$;
create function keep_idempotency_keys(most integer, lifetime_us bigint) returns bigint language sql as $$
    with gone as (delete from idempotency_keys where (principal, op, key) in (
        select principal, op, key from idempotency_keys where created_at < now() - lifetime_us * interval '1 microsecond'
         order by created_at limit most for update skip locked) returning 1)
    select count(*) from gone
$$;

-- Quotes nobody has booked by, a day after their end. Those that were booked stay and are passed over: `days` back at most.
create index quotes_expires_idx on quotes (expires_at);
create function keep_quotes(most integer, days integer) returns bigint language sql as $$
    with gone as (delete from quotes where id in (
        select q.id from quotes q
         where q.expires_at < nexus_now() - interval '1 day' and q.expires_at > nexus_now() - days * interval '1 day'
           and not exists (select from bookings b where b.quote_id = q.id)
           and not exists (select from booking_changes c where c.quote_id = q.id)
         order by q.expires_at limit most for update skip locked) returning 1)
    select count(*) from gone
$$;

-- What providers of payments told us, three months after it was handled; they repeat themselves for days.
create function keep_provider_events(most integer) returns bigint language sql as $$
    with gone as (delete from provider_events where (provider, event_id) in (
        select provider, event_id from provider_events
         where received_at < now() - interval '90 days' and handled_at is not null
         order by received_at limit most for update skip locked) returning 1)
    select count(*) from gone
$$;
grant delete on provider_events to nexus_api;

-- Blocks that ended a month ago.
create function keep_address_blocks(most integer) returns bigint language sql as $$
    with gone as (delete from address_blocks where id in (
        select id from address_blocks where expires_at < now() - interval '30 days' order by expires_at limit most
           for update skip locked) returning 1)
    select count(*) from gone
$$;
create function keep_address_flags(most integer, lifetime_us bigint) returns bigint language sql as $$
    with gone as (delete from address_flags where id in (
        select id from address_flags where hour < now() - lifetime_us * interval '1 microsecond' order by hour limit most
           for update skip locked) returning 1)
    select count(*) from gone
$$;

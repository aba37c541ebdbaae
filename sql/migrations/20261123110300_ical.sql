-- Calendars of other platforms: what we show them of a unit, and what is imported from them.
--
-- What a feed says is kept in calendar_feed_events, and what of it can be had in occupancy, under the same constraint as
-- everything else: nights somebody has here stay theirs, and the two at once are a conflict that the host is shown.

create table calendar_exports (
    unit_id    uuid        constraint calendar_exports_pkey primary key
                           constraint calendar_exports_unit_fkey references units on delete cascade,
    generation integer     not null constraint calendar_exports_generation_range check (generation > 0), -- of its URL; without a row 0
    rotated_at timestamptz not null default now()
);

create table calendar_feeds (
    id            uuid        constraint calendar_feeds_pkey primary key,
    property_id   uuid        not null constraint calendar_feeds_property_fkey references properties on delete cascade,
    unit_id       uuid        not null constraint calendar_feeds_unit_fkey references units on delete cascade,
    name          text        not null constraint calendar_feeds_name_length check (length(name) between 1 and 100),
    url           text        not null constraint calendar_feeds_url_length check (length(url) between 1 and 2000),
    state         text        not null default 'new'
                              constraint calendar_feeds_state_known check (state in ('new', 'ok', 'failing', 'held')),
    due_at        timestamptz not null default nexus_now(), -- of the next import; business time
    checked_at    timestamptz, -- the last import, and the last that was good
    succeeded_at  timestamptz,
    failures      integer     not null default 0, -- in a row
    fault         text        constraint calendar_feeds_fault_length check (length(fault) between 1 and 60), -- of the last import
    detail        text        constraint calendar_feeds_detail_length check (length(detail) <= 500),
    etag          text        constraint calendar_feeds_etag_length check (length(etag) <= 1000),
    last_modified text        constraint calendar_feeds_last_modified_length check (length(last_modified) <= 200),
    event_count   integer     not null default 0, -- that take nights
    own_count     integer     not null default 0, -- left out: what came from us
    zones_taken   integer     not null default 0, -- times of unknown zones
    accepted      boolean     not null default false, -- the host wants the next import to free whatever it frees
    held_since    timestamptz, -- since when nights are kept that the feed would free
    version       bigint      not null default 1,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    constraint calendar_feeds_unit_url_key unique (unit_id, url),
    constraint calendar_feeds_held check ((state = 'held') = (held_since is not null) or state = 'failing')
);
create index calendar_feeds_property_idx on calendar_feeds (property_id, created_at, id);
create index calendar_feeds_due_idx on calendar_feeds (due_at);

create table calendar_feed_events (
    feed_id uuid      constraint calendar_feed_events_feed_fkey references calendar_feeds on delete cascade,
    key     text      constraint calendar_feed_events_key_length check (length(key) between 1 and 300),
    nights  daterange not null constraint calendar_feed_events_nights_bounded
                      check (not isempty(nights) and not lower_inf(nights) and not upper_inf(nights)),
    summary text      not null constraint calendar_feed_events_summary_length check (length(summary) <= 200),
    constraint calendar_feed_events_pkey primary key (feed_id, key)
);

-- ------------------------------------------------------------------------------------------------------- inventory

alter table occupancy
    drop constraint occupancy_kind_known,
    add constraint occupancy_kind_known check (kind in ('booking', 'block', 'import')),
    add column feed_id uuid constraint occupancy_feed_fkey references calendar_feeds on delete cascade,
    add constraint occupancy_feed_given check ((kind = 'import') = (feed_id is not null));
create index occupancy_feed_idx on occupancy (feed_id) where feed_id is not null;

-- The nights of an event. A time takes the nights whose evening it covers: from 15:00 to 11:00 of the next day is one, and so
-- is a whole day from midnight to midnight; a visit at noon is none.
create function calendar_nights_of(since date, since_s integer, until date, until_s integer, zone text, place text)
returns daterange language plpgsql stable as $$
declare
    first timestamp := since + greatest(since_s, 0) * interval '1 second';
    last  timestamp := until + greatest(until_s, 0) * interval '1 second';
begin
    if since_s >= 0 and zone <> '' then
        first := first at time zone zone at time zone place;
        last := last at time zone zone at time zone place;
    end if;
    if since_s >= 0 and last::time > '20:00' then
        last := last + interval '1 day';
    end if;
    return daterange(first::date, greatest(last::date, first::date));
end $$;

-- What a feed says now, in arrays of one length. Vanished events are deleted, unless that frees everything, or more than half of
-- five events or more: then they are kept until it has been so for `patience`, or the host agrees. The state.
create function calendar_feed_store(feed uuid, keys text[], summaries text[], zones text[], since date[], since_s integer[],
                                    until date[], until_s integer[], last date[], last_s integer[], patience interval)
returns text language plpgsql set enable_nestloop = off as $$
declare
    f         calendar_feeds;
    place     text;
    today     date;
    names     text[];
    stays     daterange[];
    texts     text[];
    before    integer;
    gone      integer;
    held      boolean;
begin
    select * into f from calendar_feeds where id = feed for no key update;
    if not found then
        return null;
    end if;
    select p.time_zone, (nexus_now() at time zone p.time_zone)::date into place, today from properties p where p.id = f.property_id;
    delete from calendar_feed_events e where e.feed_id = feed and upper(e.nights) <= today;
    select array_agg(n.key), array_agg(n.nights), array_agg(n.summary) into names, stays, texts
      from (select distinct on (g.key) g.key, g.summary, g.nights
              from (select g.*, calendar_nights_of(g.since, g.since_s, g.until, g.until_s, g.zone, place) as nights
                      from unnest(keys, summaries, zones, since, since_s, until, until_s, last, last_s)
                               as g(key, summary, zone, since, since_s, until, until_s, last, last_s)) g
             where not isempty(g.nights) and upper(g.nights) > today
               and (g.last_s < 0
                    or (g.since + greatest(g.since_s, 0) * interval '1 second') at time zone coalesce(nullif(g.zone, ''), place)
                       <= (g.last + g.last_s * interval '1 second') at time zone 'UTC')
             order by g.key, upper(g.nights) desc) n;
    select count(*), count(*) filter (where i.key is null and not coalesce(e.nights = any (stays), false))
      into before, gone
      from calendar_feed_events e left join unnest(names) i(key) on i.key = e.key
     where e.feed_id = feed;
    held := not f.accepted and gone > 0 and (gone = before or before >= 5 and gone * 2 > before)
            and coalesce(f.held_since, nexus_now()) + patience > nexus_now();
    if not held then
        delete from calendar_feed_events e
         where e.feed_id = feed and not exists (select from unnest(names) i(key) where i.key = e.key);
    end if;
    insert into calendar_feed_events as e (feed_id, key, nights, summary)
    select feed, i.key, i.nights, i.summary from unnest(names, stays, texts) i(key, nights, summary)
        on conflict (feed_id, key) do update set nights = excluded.nights, summary = excluded.summary
           where (e.nights, e.summary) is distinct from (excluded.nights, excluded.summary);
    update calendar_feeds
       set state = case when held then 'held' else 'ok' end, accepted = false, held_since = case when held then coalesce(held_since, nexus_now()) end,
           event_count = (select count(*) from calendar_feed_events e where e.feed_id = feed)
     where id = feed;
    return case when held then 'held' else 'ok' end;
end $$;

-- Make the inventory what the feed says, as far as nobody else has the nights. How many pieces were lost to somebody who took them
-- meanwhile: then once more. One statement, so that the search index is locked only after the nights are decided.
create function calendar_feed_settle(feed uuid) returns bigint language sql as $$
    with f as (
        select id, unit_id from calendar_feeds where id = feed for no key update),
    wanted as (
        select f.id, f.unit_id, coalesce(range_agg(e.nights), '{}') as nights
          from f left join calendar_feed_events e on e.feed_id = f.id group by f.id, f.unit_id),
    pieces as (
        select w.id, w.unit_id, unnest(w.nights - coalesce((select range_agg(o.nights) from occupancy o
                                                             where o.unit_id = w.unit_id and o.feed_id is distinct from w.id), '{}')) as nights
          from wanted w),
    gone as (
        delete from occupancy o using f
         where o.feed_id = f.id and not exists (select from pieces p where p.nights = o.nights)
        returning 1),
    fresh as (
        select p.* from pieces p, (select count(*) from gone) first
         where not exists (select from occupancy o where o.feed_id = p.id and o.nights = p.nights)),
    made as (
        insert into occupancy (id, unit_id, nights, kind, feed_id)
        select gen_random_uuid(), unit_id, nights, 'import', id from fresh
            on conflict do nothing
        returning 1)
    select (select count(*) from fresh) - (select count(*) from made)
$$;

-- Nights that come free are taken by a feed that wants them: a booking was cancelled that a calendar contradicted.
create function calendar_feeds_on_free() returns trigger language plpgsql as $$
begin
    perform job_add('calendar-settle', f.id::text, jsonb_build_object('feed_id', f.id))
       from calendar_feeds f
      where f.unit_id = old.unit_id and f.id is distinct from old.feed_id
        and exists (select from calendar_feed_events e where e.feed_id = f.id and e.nights && old.nights);
    return null;
end $$;
create trigger occupancy_feeds after delete on occupancy for each row execute function calendar_feeds_on_free();
create index calendar_feeds_unit_idx on calendar_feeds (unit_id);

create function calendar_feeds_on_removal() returns trigger language plpgsql as $$
begin
    delete from calendar_feeds where property_id = new.id;
    return null;
end $$;
create trigger properties_feeds after update on properties
    for each row when (new.status = 'removed' and old.status <> 'removed') execute function calendar_feeds_on_removal();

-- What both have: a stay here, and an event of a feed.
create view calendar_conflicts as
    select f.property_id, f.unit_id, f.id as feed_id, f.name as feed, e.key, e.summary, e.nights, b.id as booking_id, b.status,
           b.check_in, b.check_out
      from calendar_feeds f
      join calendar_feed_events e on e.feed_id = f.id
      join occupancy o on o.unit_id = f.unit_id and o.nights && e.nights
      join bookings b on b.id = o.booking_id and daterange(b.check_in, b.check_out) && e.nights;

grant select, insert, update, delete on calendar_exports, calendar_feeds, calendar_feed_events to nexus_api;
grant select on calendar_conflicts to nexus_api;

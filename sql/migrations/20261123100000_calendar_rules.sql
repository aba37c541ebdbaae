-- The rules of a calendar: how long, on which days and how far ahead a property is let, seasons, weekdays.
--
-- What holds on one night is said by stay_nights() and by nothing else; whether a stay is offered by stay_offered(),
-- which src/calendar/stay_rules.c repeats with a reason for each refusal (a test compares the two).

-- ----------------------------------------------------------------------------------------------- nights and blocks

-- Null: what the season, the weekday or the property says.
alter table calendar_nights
    add column max_nights smallint constraint calendar_nights_max_nights_range check (max_nights between 1 and 1125),
    add column closed_to_arrival boolean,
    add column closed_to_departure boolean,
    drop constraint calendar_nights_says_something,
    add constraint calendar_nights_says_something
        check (num_nonnulls(price, min_nights, max_nights, closed_to_arrival, closed_to_departure) > 0);
create index calendar_nights_restricted_idx on calendar_nights (property_id)
    where max_nights is not null or closed_to_arrival is not null or closed_to_departure is not null;

-- Why the host keeps the nights; for hosts and co-hosts only.
alter table occupancy
    add column reason text constraint occupancy_reason_length check (length(reason) between 1 and 200),
    add constraint occupancy_reason_of_block check (reason is null or kind = 'block');

-- ----------------------------------------------------------------------------------------------------------- rules

-- One row a property, made by a trigger. `version` counts changes of rules, seasons and weekdays: their ETag.
create table booking_rules (
    property_id          uuid     constraint booking_rules_pkey primary key
                                  constraint booking_rules_property_fkey references properties on delete cascade,
    advance_notice_hours smallint not null default 0
                                  constraint booking_rules_notice_range check (advance_notice_hours between 0 and 8760),
    booking_window_days  smallint constraint booking_rules_window_range check (booking_window_days between 1 and 1125),
    preparation_nights   smallint not null default 0
                                  constraint booking_rules_preparation_range check (preparation_nights between 0 and 30),
    check_in_from        time     not null default '15:00',
    check_in_until       time, -- null: whenever
    check_out_until      time     not null default '11:00',
    instant_book         boolean  not null default true,
    request_hours        smallint not null default 24 constraint booking_rules_request_range check (request_hours between 1 and 168),
    version              bigint   not null default 1,
    updated_at           timestamptz not null default now()
);
insert into booking_rules (property_id) select id from properties;

create function booking_rules_make() returns trigger language plpgsql as $$
begin
    insert into booking_rules (property_id) values (new.id);
    return null;
end $$;
-- Before properties_search in the order of names, which is that of firing.
create trigger properties_booking_rules after insert on properties for each row execute function booking_rules_make();

-- Nights from_date <= night < to_date, in every year when yearly. Of several that hold the last in position decides.
create table seasons (
    id               uuid     constraint seasons_pkey primary key,
    property_id      uuid     not null constraint seasons_property_fkey references properties on delete cascade,
    position         smallint not null constraint seasons_position_range check (position between 0 and 99),
    name             text     not null constraint seasons_name_length check (length(name) between 1 and 100),
    from_date        date     not null,
    to_date          date     not null,
    yearly           boolean  not null default false,
    price            bigint   constraint seasons_price_range check (price between 0 and 100000000000),
    adjust_ppm       integer  constraint seasons_adjust_range check (adjust_ppm between -1000000 and 10000000),
    min_nights       smallint constraint seasons_min_nights_range check (min_nights between 1 and 1125),
    max_nights       smallint constraint seasons_max_nights_range check (max_nights between 1 and 1125),
    arrival_weekdays smallint[] constraint seasons_weekdays_known
                              check (arrival_weekdays <@ '{1,2,3,4,5,6,7}' and cardinality(arrival_weekdays) > 0),
    -- Month and day as a number: that of a yearly season.
    from_day         smallint not null generated always as (extract(month from from_date) * 100 + extract(day from from_date)) stored,
    to_day           smallint not null generated always as (extract(month from to_date) * 100 + extract(day from to_date)) stored,
    constraint seasons_position_key unique (property_id, position),
    constraint seasons_dates_order check (from_date < to_date),
    constraint seasons_within_a_year check (not yearly or to_date <= (from_date + interval '1 year')::date),
    constraint seasons_one_price check (price is null or adjust_ppm is null)
);

-- ISO weekdays: 1 is Monday.
create table weekday_rules (
    property_id         uuid     constraint weekday_rules_property_fkey references properties on delete cascade,
    weekday             smallint constraint weekday_rules_weekday_range check (weekday between 1 and 7),
    price               bigint   constraint weekday_rules_price_range check (price between 0 and 100000000000),
    adjust_ppm          integer  constraint weekday_rules_adjust_range check (adjust_ppm between -1000000 and 10000000),
    min_nights          smallint constraint weekday_rules_min_nights_range check (min_nights between 1 and 1125),
    closed_to_arrival   boolean  not null default false,
    closed_to_departure boolean  not null default false,
    constraint weekday_rules_pkey primary key (property_id, weekday),
    constraint weekday_rules_one_price check (price is null or adjust_ppm is null)
);

-- The day a yearly season begins or ends in a year; where there is no 29th of February, the day after the 28th.
create function season_day(year integer, day smallint) returns date language sql immutable parallel safe as $$
    select case when day = 229 and not (year % 4 = 0 and (year % 100 <> 0 or year % 400 = 0)) then make_date(year, 3, 1)
                else make_date(year, day / 100, day % 100) end
$$;

-- What holds on the nights since <= night < until, one row each, no row without the property.
--   price: that of the night, else that of the season, else of the weekday, else of the property, and those two not from
--   the night itself are changed by what season and weekday add or take off, rounded once.
--   The others: what the night says, else the season, else the weekday, else the property.
-- *_source tells who decided: 0 property, 1 weekday, 2 season, 3 night. Written so that PostgreSQL inlines it.
create function stay_nights(property uuid, since date, until date)
returns table (night date, price bigint, min_nights integer, max_nights integer, closed_to_arrival boolean,
               closed_to_departure boolean, season uuid, min_source integer, max_source integer, arrival_source integer,
               departure_source integer)
language sql stable as $$
    select d.night,
           case when c.price is not null then c.price
                when s.adjust_ppm is null and w.adjust_ppm is null then coalesce(s.price, w.price, p.price)
                when s.adjust_ppm is null or w.adjust_ppm is null -- fits bigint, which is quicker
                then (coalesce(s.price, w.price, p.price) * (1000000 + coalesce(s.adjust_ppm, w.adjust_ppm)) + 500000) / 1000000
                else round(coalesce(s.price, w.price, p.price) * (1000000 + s.adjust_ppm)::numeric * (1000000 + w.adjust_ppm)
                           / 1000000000000)::bigint end,
           coalesce(c.min_nights, s.min_nights, w.min_nights, p.min_nights)::integer,
           coalesce(c.max_nights, s.max_nights, p.max_nights)::integer,
           coalesce(c.closed_to_arrival, not extract(isodow from d.night)::smallint = any (s.arrival_weekdays),
                    w.closed_to_arrival, false),
           coalesce(c.closed_to_departure, w.closed_to_departure, false),
           s.id,
           case when c.min_nights is not null then 3 when s.min_nights is not null then 2
                when w.min_nights is not null then 1 else 0 end,
           case when c.max_nights is not null then 3 when s.max_nights is not null then 2 else 0 end,
           case when c.closed_to_arrival is not null then 3 when s.arrival_weekdays is not null then 2 else 1 end,
           case when c.closed_to_departure is not null then 3 else 1 end
      from properties p
           cross join lateral (select since + i as night from generate_series(0, until - since - 1) i) d
           left join calendar_nights c
                  on c.property_id = property and c.night = d.night and c.night >= since and c.night < until
           left join weekday_rules w on w.property_id = property and w.weekday = extract(isodow from d.night)::smallint
           left join (
               select distinct on (n.night) n.night, x.id, x.price, x.adjust_ppm, x.min_nights, x.max_nights, x.arrival_weekdays
                 from seasons x
                      cross join lateral (
                          select x.from_date as from_date, x.to_date as to_date where not x.yearly
                          union all
                          select season_day(y.year, x.from_day),
                                 season_day(y.year + (x.to_day <= x.from_day)::integer, x.to_day)
                            from generate_series(extract(year from since)::integer - 1, extract(year from until)::integer) y(year)
                           where x.yearly) o
                      cross join lateral (
                          select greatest(o.from_date, since) + i as night
                            from generate_series(0, least(o.to_date, until) - greatest(o.from_date, since) - 1) i) n
                where x.property_id = property
                order by n.night, x.position desc) s on s.night = d.night
     where p.id = property
$$;

-- What the nights of a stay cost. Not inlined: a search pays for the plan of stay_nights() only where it is asked.
create function stay_nights_price(property uuid, check_in date, check_out date) returns bigint language plpgsql stable as $$
begin
    return (select sum(n.price) from stay_nights(property, check_in, check_out) n);
end $$;

-- The days of a property by the clock on its wall: today, the first on which a stay may arrive with `notice` hours ahead of
-- check-in, and the last on which one may leave (null: no end).
create function stay_horizon(zone text, notice integer, check_in_from time, window_days integer)
returns table (today date, first_arrival date, last_departure date)
language sql stable as $$
    select n.today,
           greatest(n.today, case when notice > 0 then n.ready::date + (n.ready::time > check_in_from)::integer end),
           n.today + window_days
      from (select (nexus_now() at time zone zone)::date as today,
                   (nexus_now() + notice * interval '1 hour') at time zone zone as ready) n
$$;

-- Whether the rules let a stay be, for searches; what is free is another question. For published properties.
create function stay_offered(property uuid, check_in date, check_out date) returns boolean
language plpgsql stable as $$
declare
    nights integer := check_out - check_in;
    ok     boolean;
begin
    select h.first_arrival <= check_in and (h.last_departure is null or check_out <= h.last_departure)
      into ok
      from properties p join booking_rules r on r.property_id = p.id
           cross join lateral stay_horizon(p.time_zone, r.advance_notice_hours, r.check_in_from, r.booking_window_days) h
     where p.id = property;
    if not coalesce(ok, false) then
        return false;
    end if;
    select a.min_nights <= nights and a.max_nights >= nights and not a.closed_to_arrival
      into ok from stay_nights(property, check_in, check_in + 1) a;
    return ok and not (select d.closed_to_departure from stay_nights(property, check_out, check_out + 1) d);
end $$;

-- ------------------------------------------------------------------------------------------------------ inventory

-- Take the nights of a stay, and those of preparation after it, on one unit of the property, and return that unit; null
-- when none is free. The unit is the one on which the fewest gaps remain that are too short to be sold (a stay of
-- min_nights and its preparation do not fit), and of those the one that fits best. Units that look taken are passed over
-- without a write; one lost to a race gives way to the next. A caller waits for at most one other transaction at a time
-- and holds nothing meanwhile, so that no deadlock can form. Holds and requests whose time is up are ended where they are in
-- the way, by the statement that takes their nights: the search index is locked only after the nights are decided.
create or replace function occupancy_take(taken_id uuid, property uuid, stay daterange, booking uuid) returns uuid
language plpgsql as $$
declare
    unit   uuid;
    needed daterange;
    sold   integer; -- nights a gap needs at least
    today  date;
    due    uuid[];  -- holds and requests in the way whose time is up; nobody else is deciding about them
begin
    select daterange(lower(stay), upper(stay) + r.preparation_nights), p.min_nights + r.preparation_nights,
           (nexus_now() at time zone p.time_zone)::date
      into needed, sold, today
      from properties p join booking_rules r on r.property_id = p.id
     where p.id = property;
    due := array(select b.id from bookings b
                   where b.property_id = property and b.status in ('held', 'requested')
                     and case b.status when 'held' then b.hold_expires_at else b.respond_by end <= nexus_now()
                     and exists (select from occupancy o where o.booking_id = b.id and o.nights && needed)
                     for no key update skip locked);
    for unit in select u.id
                  from units u
                       cross join lateral (
                           select coalesce(bool_or(o.nights && needed), false) as taken,
                                  least(lower(needed) - greatest(max(upper(o.nights)) filter (where upper(o.nights) <= lower(needed)),
                                                                 today), sold) as before,
                                  least(min(lower(o.nights)) filter (where lower(o.nights) >= upper(needed)) - upper(needed),
                                        sold) as after
                             from occupancy o
                            where o.unit_id = u.id
                              and o.nights && daterange(lower(needed) - sold, upper(needed) + sold)
                              and (o.booking_id is null or o.booking_id <> all (due))) g
                 where u.property_id = property and not g.taken
                 order by (g.before between 1 and sold - 1)::integer + (g.after between 1 and sold - 1)::integer,
                          g.before % sold + g.after % sold, g.before + g.after, u.position
    loop
        with ended as (
            update bookings set status = 'expired', ended_at = nexus_now(), version = version + 1, updated_at = nexus_now()
             where id = any (due) and unit_id = unit),
        freed as (
            delete from occupancy where booking_id = any (due) and unit_id = unit returning 1)
        insert into occupancy (id, unit_id, nights, kind, booking_id)
        select taken_id, unit, needed, 'booking', booking from (select count(*) from freed) first
            on conflict do nothing;
        if found then
            return unit;
        end if;
    end loop;
    return null;
end $$;

-- ----------------------------------------------------------------------------------------------- the search index

-- preparation_nights: what a stay needs after it. ruled: more than min_nights and max_nights decides, or a season or
-- weekday has a price, so that a search must ask stay_offered() and stay_nights().
alter table property_search
    add column preparation_nights smallint not null default 0,
    add column ruled boolean not null default false;

create or replace view property_search_truth as
    select p.id as property_id, p.location, p.status = 'published' and not p.withheld as published, p.created_at, p.room_type,
           p.price, p.currency,
           coalesce(round(r.rating, 2), i.rating, 0)::double precision as rating, coalesce(r.reviews, 0)::integer as review_count,
           p.capacity, p.bedrooms, p.min_nights, p.max_nights,
           coalesce(u.unit_count, 0)::smallint as unit_count,
           coalesce(a.amenity_ids, '{}') as amenity_ids,
           coalesce(u.busy, '{}') as busy,
           b.preparation_nights,
           b.advance_notice_hours > 0 or b.booking_window_days is not null
           or exists (select from seasons x where x.property_id = p.id)
           or exists (select from weekday_rules x where x.property_id = p.id)
           or exists (select from calendar_nights x
                       where x.property_id = p.id
                         and (x.max_nights is not null or x.closed_to_arrival is not null or x.closed_to_departure is not null))
           as ruled
      from properties p
      join booking_rules b on b.property_id = p.id
      left join property_imports i on i.property_id = p.id
      left join lateral (select avg(rating) as rating, count(*) as reviews from reviews where property_id = p.id) r on true
      left join lateral (select array_agg(amenity_id order by amenity_id) as amenity_ids
                           from property_amenities where property_id = p.id) a on true
      left join lateral (select count(*) as unit_count, range_intersect_agg(b.busy) as busy
                           from (select coalesce(range_agg(o.nights), '{}') as busy
                                   from units x left join occupancy o on o.unit_id = x.id
                                  where x.property_id = p.id group by x.id) b) u on true;

create or replace function search_refresh(property uuid) returns void language plpgsql as $$
begin
    -- The lock first, then a fresh snapshot: two writers of one property see each other.
    perform 1 from property_search where property_id = property for no key update;
    insert into property_search as s select * from property_search_truth t where t.property_id = property
    on conflict (property_id) do update set
        (location, published, created_at, room_type, price, currency, rating, review_count, capacity, bedrooms,
         min_nights, max_nights, unit_count, amenity_ids, busy, preparation_nights, ruled) =
        (excluded.location, excluded.published, excluded.created_at, excluded.room_type, excluded.price,
         excluded.currency, excluded.rating, excluded.review_count, excluded.capacity, excluded.bedrooms,
         excluded.min_nights, excluded.max_nights, excluded.unit_count, excluded.amenity_ids, excluded.busy,
         excluded.preparation_nights, excluded.ruled);
end $$;

create function search_on_rules() returns trigger language plpgsql as $$
begin
    perform search_refresh(new.property_id);
    return null;
end $$;
create trigger booking_rules_search after update on booking_rules
    for each row when ((old.advance_notice_hours, old.booking_window_days, old.preparation_nights)
                       is distinct from (new.advance_notice_hours, new.booking_window_days, new.preparation_nights))
    execute function search_on_rules();
create trigger seasons_search_insert after insert on seasons
    referencing new table as changed for each statement execute function search_on_parts();
create trigger seasons_search_delete after delete on seasons
    referencing old table as changed for each statement execute function search_on_parts();
create trigger weekday_rules_search_insert after insert on weekday_rules
    referencing new table as changed for each statement execute function search_on_parts();
create trigger weekday_rules_search_delete after delete on weekday_rules
    referencing old table as changed for each statement execute function search_on_parts();

-- Only nights with restrictions concern the index: prices and shortest stays are looked up.
create function search_on_nights() returns trigger language plpgsql as $$
begin
    perform search_refresh(property_id)
       from (select distinct property_id from changed
              where max_nights is not null or closed_to_arrival is not null or closed_to_departure is not null
              order by property_id) c;
    return null;
end $$;
create trigger calendar_nights_search_insert after insert on calendar_nights
    referencing new table as changed for each statement execute function search_on_nights();
create trigger calendar_nights_search_delete after delete on calendar_nights
    referencing old table as changed for each statement execute function search_on_nights();
create trigger calendar_nights_search_before after update on calendar_nights
    referencing old table as changed for each statement execute function search_on_nights();
create trigger calendar_nights_search_after after update on calendar_nights
    referencing new table as changed for each statement execute function search_on_nights();

grant select, insert, update, delete on booking_rules, seasons, weekday_rules to nexus_api;

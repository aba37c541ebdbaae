-- The spine: accounts, properties, calendars, inventory, quotes, bookings, reviews, idempotency.
--
-- Conventions: UUID keys made by the program (version 7); money in minor units of its currency (bigint);
-- nights are half-open date ranges [check_in, check_out) in the property's zone; instants are timestamptz.
-- `version` counts changes of a row and makes its ETag. Every constraint has a name, because the program maps
-- names to answers.

create extension if not exists btree_gist;

-- ------------------------------------------------------------------------------------------------ accounts

create table users (
    id          uuid        constraint users_pkey primary key,
    email       text        not null constraint users_email_key unique
                            constraint users_email_normal check (email = lower(email) and length(email) between 3 and 254),
    name        text        not null constraint users_name_length check (length(name) between 1 and 200),
    version     bigint      not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);
create index users_created_at_idx on users (created_at, id);

-- Apart from users so that no read of an account can carry a hash along.
create table user_credentials (
    user_id       uuid        constraint user_credentials_pkey primary key
                              constraint user_credentials_user_fkey references users on delete cascade,
    password_hash text        not null,
    changed_at    timestamptz not null default now()
);

create table roles (
    name text constraint roles_pkey primary key,
    doc  text not null
);
insert into roles values
    ('guest',   'Asks for quotes and books.'),
    ('host',    'Offers properties.'),
    ('support', 'Helps guests and hosts.'),
    ('admin',   'Sees and changes everything.');

create table user_roles (
    user_id   uuid constraint user_roles_user_fkey references users on delete cascade,
    role_name text constraint user_roles_role_fkey references roles,
    constraint user_roles_pkey primary key (user_id, role_name)
);

-- ---------------------------------------------------------------------------------------------- properties

create table currencies (
    code     text     constraint currencies_pkey primary key constraint currencies_code_form check (code ~ '^[A-Z]{3}$'),
    exponent smallint not null constraint currencies_exponent_range check (exponent between 0 and 4)
);

create table amenities (
    id   smallint generated always as identity constraint amenities_pkey primary key,
    slug text     not null constraint amenities_slug_key unique constraint amenities_slug_form check (slug ~ '^[a-z0-9_]+$'),
    name text     not null
);

-- A zone PostgreSQL does not know would make every "today" of the property fail.
create function time_zone_known(zone text) returns boolean language plpgsql immutable as $$
begin
    return timestamptz 'epoch' at time zone zone is not null;
exception when invalid_parameter_value then
    return false;
end $$;

create table properties (
    id          uuid        constraint properties_pkey primary key,
    host_id     uuid        not null constraint properties_host_fkey references users,
    status      text        not null default 'draft'
                            constraint properties_status_known check (status in ('draft', 'published', 'removed')),
    title       text        not null constraint properties_title_length check (length(title) between 1 and 200),
    description text        not null default '',
    kind        text        not null constraint properties_kind_known check (kind in
                            ('apartment', 'house', 'guesthouse', 'villa', 'cabin', 'loft', 'townhouse', 'bungalow',
                             'hotel', 'hostel', 'boat', 'farm', 'tiny_house', 'other')),
    room_type   text        not null constraint properties_room_type_known check (room_type in
                            ('entire_home', 'private_room', 'shared_room', 'hotel_room')),
    address     text        not null default '',
    city        text        not null constraint properties_city_length check (length(city) between 1 and 120),
    country     text        not null constraint properties_country_form check (country ~ '^[A-Z]{2}$'),
    location    point       not null constraint properties_location_range
                            check (location[0] between -180 and 180 and location[1] between -90 and 90),
    time_zone   text        not null constraint properties_time_zone_known check (time_zone_known(time_zone)),
    capacity    smallint    not null constraint properties_capacity_range check (capacity between 1 and 100),
    bedrooms    smallint    not null default 1 constraint properties_bedrooms_range check (bedrooms between 0 and 100),
    beds        smallint    not null default 1 constraint properties_beds_range check (beds between 0 and 200),
    bathrooms   numeric(4,1) not null default 1 constraint properties_bathrooms_range check (bathrooms between 0 and 100),
    house_rules text        not null default '',
    price       bigint      not null constraint properties_price_range check (price between 0 and 100000000000),
    currency    text        not null constraint properties_currency_fkey references currencies,
    min_nights  smallint    not null default 1 constraint properties_min_nights_range check (min_nights between 1 and 1125),
    max_nights  smallint    not null default 365 constraint properties_max_nights_range check (max_nights between 1 and 1125),
    version     bigint      not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    constraint properties_nights_order check (min_nights <= max_nights)
);
create index properties_host_idx on properties (host_id, created_at, id);
create index properties_text_idx on properties
    using gin (to_tsvector('simple', title || ' ' || city || ' ' || description));

create table property_amenities (
    property_id uuid     constraint property_amenities_property_fkey references properties on delete cascade,
    amenity_id  smallint constraint property_amenities_amenity_fkey references amenities,
    constraint property_amenities_pkey primary key (property_id, amenity_id)
);

create table property_photos (
    property_id uuid     constraint property_photos_property_fkey references properties on delete cascade,
    position    smallint constraint property_photos_position_range check (position between 0 and 99),
    url         text     not null constraint property_photos_url_length check (length(url) between 1 and 2000),
    constraint property_photos_pkey primary key (property_id, position)
);

-- What is let: one row for a flat, many for a house with alike rooms.
create table units (
    id          uuid     constraint units_pkey primary key,
    property_id uuid     not null constraint units_property_fkey references properties on delete cascade,
    position    smallint not null constraint units_position_range check (position between 0 and 999),
    name        text     not null default '' constraint units_name_length check (length(name) <= 120),
    constraint units_property_position_key unique (property_id, position)
);

-- Where a row came from when it was loaded from elsewhere; makes a second load change nothing.
create table property_imports (
    source       text         constraint property_imports_source_length check (length(source) between 1 and 60),
    source_id    text,
    property_id  uuid         not null constraint property_imports_property_key unique
                              constraint property_imports_property_fkey references properties on delete cascade,
    rating       numeric(3,2) constraint property_imports_rating_range check (rating between 0 and 5),
    imported_at  timestamptz  not null default now(),
    constraint property_imports_pkey primary key (source, source_id)
);
create table user_imports (
    source    text,
    source_id text,
    user_id   uuid not null constraint user_imports_user_key unique
                   constraint user_imports_user_fkey references users on delete cascade,
    constraint user_imports_pkey primary key (source, source_id)
);

-- ------------------------------------------------------------------------------------ calendar and inventory

-- Nights on which the property's own price or minimum stay does not hold.
create table calendar_nights (
    property_id uuid     constraint calendar_nights_property_fkey references properties on delete cascade,
    night       date,
    price       bigint   constraint calendar_nights_price_range check (price between 0 and 100000000000),
    min_nights  smallint constraint calendar_nights_min_nights_range check (min_nights between 1 and 1125),
    constraint calendar_nights_pkey primary key (property_id, night),
    constraint calendar_nights_says_something check (price is not null or min_nights is not null)
);

create table quotes (
    id          uuid        constraint quotes_pkey primary key,
    property_id uuid        not null constraint quotes_property_fkey references properties on delete cascade,
    guest_id    uuid        constraint quotes_guest_fkey references users on delete cascade,
    check_in    date        not null,
    check_out   date        not null,
    guests      smallint    not null constraint quotes_guests_range check (guests between 1 and 100),
    total       bigint      not null constraint quotes_total_range check (total >= 0),
    currency    text        not null constraint quotes_currency_fkey references currencies,
    expires_at  timestamptz not null,
    created_at  timestamptz not null default now(),
    constraint quotes_dates_order check (check_in < check_out)
);
create index quotes_property_idx on quotes (property_id);
create index quotes_guest_idx on quotes (guest_id, created_at, id);

create table quote_lines (
    quote_id    uuid     constraint quote_lines_quote_fkey references quotes on delete cascade,
    position    smallint,
    kind        text     not null constraint quote_lines_kind_known check (kind in ('accommodation')),
    description text     not null,
    quantity    integer  not null constraint quote_lines_quantity_range check (quantity > 0),
    unit_amount bigint   not null,
    amount      bigint   not null constraint quote_lines_amount_product check (amount = quantity * unit_amount),
    constraint quote_lines_pkey primary key (quote_id, position)
);

create table bookings (
    id           uuid        constraint bookings_pkey primary key,
    quote_id     uuid        constraint bookings_quote_id_key unique constraint bookings_quote_fkey references quotes,
    property_id  uuid        not null constraint bookings_property_fkey references properties,
    unit_id      uuid        not null constraint bookings_unit_fkey references units,
    guest_id     uuid        not null constraint bookings_guest_fkey references users,
    host_id      uuid        not null constraint bookings_host_fkey references users,
    status       text        not null constraint bookings_status_known check (status in ('confirmed', 'cancelled', 'completed')),
    check_in     date        not null,
    check_out    date        not null,
    guests       smallint    not null constraint bookings_guests_range check (guests between 1 and 100),
    total        bigint      not null constraint bookings_total_range check (total >= 0),
    currency     text        not null constraint bookings_currency_fkey references currencies,
    cancelled_at timestamptz,
    cancelled_by uuid        constraint bookings_cancelled_by_fkey references users,
    version      bigint      not null default 1,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    constraint bookings_dates_order check (check_in < check_out),
    constraint bookings_cancelled_known check ((status = 'cancelled') = (cancelled_at is not null))
);
create index bookings_guest_idx on bookings (guest_id, created_at, id);
create index bookings_host_idx on bookings (host_id, created_at, id);
create index bookings_property_idx on bookings (property_id, check_in);

-- Everything that takes nights of a unit. A row exists as long as the nights are taken: neither a cancelled nor a completed
-- stay has one, so the constraint and its index hold what can still be sold and stay small.
-- The exclusion constraint is the arbiter of the whole product.
create table occupancy (
    id         uuid        constraint occupancy_pkey primary key,
    unit_id    uuid        not null constraint occupancy_unit_fkey references units on delete cascade,
    nights     daterange   not null constraint occupancy_nights_bounded
                           check (not isempty(nights) and not lower_inf(nights) and not upper_inf(nights)),
    kind       text        not null constraint occupancy_kind_known check (kind in ('booking', 'block')),
    booking_id uuid        constraint occupancy_booking_key unique constraint occupancy_booking_fkey references bookings
                           deferrable initially deferred, -- nights are taken first, the booking follows
    constraint occupancy_booking_given check ((kind = 'booking') = (booking_id is not null)),
    constraint occupancy_no_overlap exclude using gist (unit_id with =, nights with &&)
);

-- Take the nights of a stay on one unit of the property, the lowest in position that is free, and return that unit; null
-- when none is. Units that look taken are passed over without a write; one lost to a race gives way to the next. A
-- caller waits for at most one other transaction at a time and holds nothing meanwhile, so that no deadlock can form.
create function occupancy_take(taken_id uuid, property uuid, stay daterange, booking uuid) returns uuid
language plpgsql as $$
declare
    unit uuid;
begin
    for unit in select u.id from units u
                 where u.property_id = property
                   and not exists (select from occupancy o where o.unit_id = u.id and o.nights && stay)
                 order by u.position
    loop
        insert into occupancy (id, unit_id, nights, kind, booking_id) values (taken_id, unit, stay, 'booking', booking)
            on conflict do nothing;
        if found then
            return unit;
        end if;
    end loop;
    return null;
end $$;

-- ----------------------------------------------------------------------------------------------- reviews

create table reviews (
    id          uuid        constraint reviews_pkey primary key,
    property_id uuid        not null constraint reviews_property_fkey references properties on delete cascade,
    booking_id  uuid        constraint reviews_booking_key unique constraint reviews_booking_fkey references bookings,
    author_id   uuid        constraint reviews_author_fkey references users on delete set null,
    author_name text        not null,
    rating      smallint    constraint reviews_rating_range check (rating between 1 and 5),
    comment     text        not null,
    created_at  timestamptz not null default now()
);
create index reviews_property_idx on reviews (property_id, created_at, id);

-- -------------------------------------------------------------------------------------------- the search index

-- One narrow row a property with what search filters and sorts on, kept by triggers in the writer's transaction. It is
-- an index, not the truth: a booking is decided by occupancy_no_overlap, and search_rebuild() makes it anew.
-- busy = nights on which no unit is free; exact for one unit, a necessary condition for several.
create table property_search (
    property_id  uuid     constraint property_search_pkey primary key
                          constraint property_search_property_fkey references properties on delete cascade,
    location     point    not null,
    published    boolean  not null,
    created_at   timestamptz not null,
    room_type    text     not null,
    price        bigint   not null,
    currency     text     not null,
    rating       double precision not null default 0, -- 0 = none yet
    review_count integer  not null default 0,
    capacity     smallint not null,
    bedrooms     smallint not null,
    min_nights   smallint not null,
    max_nights   smallint not null,
    unit_count   smallint not null default 0,
    amenity_ids  smallint[] not null default '{}',
    busy         datemultirange not null default '{}'
) with (fillfactor = 85);
create index property_search_location_idx on property_search using gist (location) where published;
-- review_count >= 0 always holds: these serve only statements that say so, which searches in a small area do not.
create index property_search_created_at_idx on property_search (created_at, property_id) where published and review_count >= 0;
create index property_search_price_idx on property_search (price, property_id) where published and review_count >= 0;
create index property_search_rating_idx on property_search (rating, property_id) where published and review_count >= 0;
-- For filters that few rows pass.
create index property_search_review_count_idx on property_search (review_count) where published;
create index property_search_capacity_idx on property_search (capacity) where published;
create index property_search_bedrooms_idx on property_search (bedrooms) where published;

-- The whole row of each property, computed from the truth.
-- Columns in the table's order: rows are inserted with select *.
create view property_search_truth as
    select p.id as property_id, p.location, p.status = 'published' as published, p.created_at, p.room_type, p.price, p.currency,
           coalesce(round(r.rating, 2), i.rating, 0)::double precision as rating, coalesce(r.reviews, 0)::integer as review_count,
           p.capacity, p.bedrooms, p.min_nights, p.max_nights,
           coalesce(u.unit_count, 0)::smallint as unit_count,
           coalesce(a.amenity_ids, '{}') as amenity_ids,
           coalesce(u.busy, '{}') as busy
      from properties p
      left join property_imports i on i.property_id = p.id
      left join lateral (select avg(rating) as rating, count(*) as reviews from reviews where property_id = p.id) r on true
      left join lateral (select array_agg(amenity_id order by amenity_id) as amenity_ids
                           from property_amenities where property_id = p.id) a on true
      left join lateral (select count(*) as unit_count, range_intersect_agg(b.busy) as busy
                           from (select coalesce(range_agg(o.nights), '{}') as busy
                                   from units x left join occupancy o on o.unit_id = x.id
                                  where x.property_id = p.id group by x.id) b) u on true;

create function search_refresh(property uuid) returns void language plpgsql as $$
begin
    -- The lock first, then a fresh snapshot: two writers of one property see each other.
    perform 1 from property_search where property_id = property for no key update;
    insert into property_search as s select * from property_search_truth t where t.property_id = property
    on conflict (property_id) do update set
        (location, published, created_at, room_type, price, currency, rating, review_count, capacity, bedrooms,
         min_nights, max_nights, unit_count, amenity_ids, busy) =
        (excluded.location, excluded.published, excluded.created_at, excluded.room_type, excluded.price,
         excluded.currency, excluded.rating, excluded.review_count, excluded.capacity, excluded.bedrooms,
         excluded.min_nights, excluded.max_nights, excluded.unit_count, excluded.amenity_ids, excluded.busy);
end $$;

create function search_on_property() returns trigger language plpgsql as $$
begin
    perform search_refresh(new.id);
    return null;
end $$;
create trigger properties_search after insert or update on properties
    for each row execute function search_on_property();

-- Units, amenities and reviews: once a statement and property, however many rows it touched.
create function search_on_parts() returns trigger language plpgsql as $$
begin
    perform search_refresh(property_id) from (select distinct property_id from changed order by property_id) c;
    return null;
end $$;
create trigger units_search_insert after insert on units
    referencing new table as changed for each statement execute function search_on_parts();
create trigger units_search_delete after delete on units
    referencing old table as changed for each statement execute function search_on_parts();
create trigger property_amenities_search_insert after insert on property_amenities
    referencing new table as changed for each statement execute function search_on_parts();
create trigger property_amenities_search_delete after delete on property_amenities
    referencing old table as changed for each statement execute function search_on_parts();
create trigger reviews_search_insert after insert on reviews
    referencing new table as changed for each statement execute function search_on_parts();
create trigger reviews_search_update after update on reviews
    referencing new table as changed for each statement execute function search_on_parts();
create trigger reviews_search_delete after delete on reviews
    referencing old table as changed for each statement execute function search_on_parts();

-- The hot one. With a single unit the change is incremental: the row lock orders writers and the expression is
-- evaluated on the locked row, so nothing is lost. With several units it is computed anew.
create function search_on_occupancy() returns trigger language plpgsql as $$
declare
    unit     uuid := case when tg_op = 'DELETE' then old.unit_id else new.unit_id end;
    property uuid;
begin
    update property_search s
       set busy = case when tg_op = 'DELETE' then s.busy - old.nights::datemultirange
                       else s.busy + new.nights::datemultirange end
      from units u
     where u.id = unit and s.property_id = u.property_id and s.unit_count = 1;
    if not found then
        select property_id into property from units where id = unit;
        if found then
            perform search_refresh(property);
        end if;
    end if;
    return null;
end $$;
create trigger occupancy_search after insert or delete on occupancy
    for each row execute function search_on_occupancy();
create function occupancy_fixed() returns trigger language plpgsql as $$
begin
    raise exception 'occupancy rows are inserted and deleted, never updated';
end $$;
create trigger occupancy_fixed before update on occupancy for each row execute function occupancy_fixed();

-- After a bulk load with triggers off.
create function search_rebuild() returns bigint language plpgsql as $$
declare
    n bigint;
begin
    delete from property_search;
    -- Neighbours on the map become neighbours on disk: a search touches few pages.
    insert into property_search
        select * from property_search_truth order by floor(location[0] * 20), floor(location[1] * 20), property_id;
    get diagnostics n = row_count;
    return n;
end $$;

-- --------------------------------------------------------------------------------------------- idempotency

create table idempotency_keys (
    principal    uuid        not null, -- the user, or all zero for nobody
    op           text        not null,
    key          text        not null constraint idempotency_keys_key_length check (length(key) between 1 and 255),
    fingerprint  bytea       not null, -- SHA-256 of path, query and body as sent
    status       smallint,
    etag         text,
    location     text,
    body         bytea,
    created_at   timestamptz not null default now(),
    constraint idempotency_keys_pkey primary key (principal, op, key)
);
create index idempotency_keys_created_at_idx on idempotency_keys (created_at);

-- Claim a key for the running transaction. Raises NX001 when another transaction holds it, NX002 when it was used with
-- this fingerprint (the caller then reads the stored answer), NX003 when with another. Sweeps a few old rows.
create function idempotency_claim(who uuid, what text, k text, print bytea, lifetime interval) returns void
language plpgsql as $$
declare
    found_print bytea;
begin
    if not pg_try_advisory_xact_lock(hashtextextended(who::text || '/' || what || '/' || k, 0)) then
        raise exception 'idempotency key in use' using errcode = 'NX001';
    end if;
    delete from idempotency_keys where (principal, op, key) in
        (select principal, op, key from idempotency_keys where created_at < now() - lifetime
          order by created_at limit 5 for update skip locked);
    delete from idempotency_keys where (principal, op, key) = (who, what, k) and created_at < now() - lifetime;
    insert into idempotency_keys (principal, op, key, fingerprint) values (who, what, k, print) on conflict do nothing;
    if not found then
        select fingerprint into found_print from idempotency_keys where (principal, op, key) = (who, what, k);
        if found_print = print then
            raise exception 'idempotency key used' using errcode = 'NX002';
        end if;
        raise exception 'idempotency key used for another request' using errcode = 'NX003';
    end if;
end $$;

-- --------------------------------------------------------------------------------------------- vocabularies

-- ISO 4217, as src/json/format.c accepts them.
insert into currencies (code, exponent) values
    ('AED',2),('AFN',2),('ALL',2),('AMD',2),('AOA',2),('ARS',2),('AUD',2),('AWG',2),('AZN',2),('BAM',2),('BBD',2),
    ('BDT',2),('BGN',2),('BHD',3),('BIF',0),('BMD',2),('BND',2),('BOB',2),('BRL',2),('BSD',2),('BTN',2),('BWP',2),
    ('BYN',2),('BZD',2),('CAD',2),('CDF',2),('CHF',2),('CLP',0),('CNY',2),('COP',2),('CRC',2),('CUP',2),('CVE',2),
    ('CZK',2),('DJF',0),('DKK',2),('DOP',2),('DZD',2),('EGP',2),('ERN',2),('ETB',2),('EUR',2),('FJD',2),('FKP',2),
    ('GBP',2),('GEL',2),('GHS',2),('GIP',2),('GMD',2),('GNF',0),('GTQ',2),('GYD',2),('HKD',2),('HNL',2),('HTG',2),
    ('HUF',2),('IDR',2),('ILS',2),('INR',2),('IQD',3),('IRR',2),('ISK',0),('JMD',2),('JOD',3),('JPY',0),('KES',2),
    ('KGS',2),('KHR',2),('KMF',0),('KPW',2),('KRW',0),('KWD',3),('KYD',2),('KZT',2),('LAK',2),('LBP',2),('LKR',2),
    ('LRD',2),('LSL',2),('LYD',3),('MAD',2),('MDL',2),('MGA',2),('MKD',2),('MMK',2),('MNT',2),('MOP',2),('MRU',2),
    ('MUR',2),('MVR',2),('MWK',2),('MXN',2),('MYR',2),('MZN',2),('NAD',2),('NGN',2),('NIO',2),('NOK',2),('NPR',2),
    ('NZD',2),('OMR',3),('PAB',2),('PEN',2),('PGK',2),('PHP',2),('PKR',2),('PLN',2),('PYG',0),('QAR',2),('RON',2),
    ('RSD',2),('RUB',2),('RWF',0),('SAR',2),('SBD',2),('SCR',2),('SDG',2),('SEK',2),('SGD',2),('SHP',2),('SLE',2),
    ('SOS',2),('SRD',2),('SSP',2),('STN',2),('SVC',2),('SYP',2),('SZL',2),('THB',2),('TJS',2),('TMT',2),('TND',3),
    ('TOP',2),('TRY',2),('TTD',2),('TWD',2),('TZS',2),('UAH',2),('UGX',0),('USD',2),('UYU',2),('UZS',2),('VED',2),
    ('VES',2),('VND',0),('VUV',0),('WST',2),('XAF',0),('XCD',2),('XCG',2),('XOF',0),('XPF',0),('YER',2),('ZAR',2),
    ('ZMW',2),('ZWG',2);

insert into amenities (slug, name) values
    ('wifi','Wi-Fi'),('kitchen','Kitchen'),('washer','Washer'),('dryer','Dryer'),('air_conditioning','Air conditioning'),
    ('heating','Heating'),('dedicated_workspace','Dedicated workspace'),('tv','TV'),('hair_dryer','Hair dryer'),('iron','Iron'),
    ('pool','Pool'),('hot_tub','Hot tub'),('free_parking','Free parking'),('paid_parking','Paid parking'),('ev_charger','EV charger'),
    ('crib','Crib'),('gym','Gym'),('bbq_grill','BBQ grill'),('breakfast','Breakfast'),('indoor_fireplace','Indoor fireplace'),
    ('smoking_allowed','Smoking allowed'),('pets_allowed','Pets allowed'),('beachfront','Beachfront'),('waterfront','Waterfront'),
    ('smoke_alarm','Smoke alarm'),('carbon_monoxide_alarm','Carbon monoxide alarm'),('fire_extinguisher','Fire extinguisher'),
    ('first_aid_kit','First aid kit'),('self_check_in','Self check-in'),('essentials','Essentials'),('shampoo','Shampoo'),
    ('hot_water','Hot water'),('bed_linens','Bed linens'),('extra_pillows','Extra pillows and blankets'),('hangers','Hangers'),
    ('dishes','Dishes and silverware'),('cooking_basics','Cooking basics'),('dishwasher','Dishwasher'),('refrigerator','Refrigerator'),
    ('microwave','Microwave'),('oven','Oven'),('stove','Stove'),('coffee_maker','Coffee maker'),('toaster','Toaster'),
    ('kettle','Hot water kettle'),('dining_table','Dining table'),('bathtub','Bathtub'),('private_entrance','Private entrance'),
    ('patio_or_balcony','Patio or balcony'),('backyard','Backyard'),('outdoor_furniture','Outdoor furniture'),
    ('outdoor_dining','Outdoor dining area'),('fire_pit','Fire pit'),('hammock','Hammock'),('elevator','Elevator'),
    ('luggage_dropoff','Luggage drop-off'),('long_term_stays','Long-term stays'),('security_cameras','Security cameras'),
    ('lock_on_bedroom','Lock on bedroom door'),('smart_lock','Smart lock'),('keypad','Keypad'),('lockbox','Lockbox'),
    ('ceiling_fan','Ceiling fan'),('portable_fans','Portable fans'),('room_darkening_shades','Room-darkening shades'),
    ('board_games','Board games'),('books','Books'),('sound_system','Sound system'),('game_console','Game console'),
    ('high_chair','High chair'),('childrens_toys','Children''s books and toys'),('clothing_storage','Clothing storage'),
    ('cleaning_available','Cleaning available'),('wheelchair_accessible','Wheelchair accessible'),('sauna','Sauna'),
    ('bikes','Bikes'),('kayak','Kayak'),('lake_access','Lake access'),('beach_access','Beach access'),('ski_in_out','Ski-in/ski-out');

-- -------------------------------------------------------------------------------------------------- rights

-- The API role owns nothing and may touch data only. search_rebuild and the load tools belong to the owner.
grant select, insert, update, delete on users, user_credentials, user_roles, properties, property_amenities, property_photos,
    units, calendar_nights, quotes, quote_lines, bookings, occupancy, reviews, property_search, idempotency_keys to nexus_api;
grant select on roles, currencies, amenities, property_imports, property_search_truth to nexus_api;
revoke execute on function search_rebuild() from public;

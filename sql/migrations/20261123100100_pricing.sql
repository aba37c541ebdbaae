-- Prices: what a property asks beyond its nights, quotes for both sides, coupons, exchange rates.

-- The rules of a property's prices but for those of single nights, as one document that is replaced as a whole. It is decoded by
-- the shape that has let it in (src/pricing/pricing_plan.c). Without a row a stay costs its nights.
create table property_pricing (
    property_id uuid        constraint property_pricing_pkey primary key
                            constraint property_pricing_property_fkey references properties on delete cascade,
    plan        json        not null constraint property_pricing_plan_object check (json_typeof(plan) = 'object'),
    cancellation_policy text not null generated always as (coalesce(plan->>'cancellation_policy', 'flexible')) stored,
    version     bigint      not null default 1,
    updated_at  timestamptz not null default now()
);

-- What a search reads of a hit with such a document, in lines: days ahead, the price of each night, the document. A function,
-- so that searches that meet none do not prepare for it.
create function price_basis(property uuid, check_in date, check_out date, plan json) returns text
language plpgsql stable as $$
begin
    return (select E'\n' || (check_in - (nexus_now() at time zone p.time_zone)::date) || E'\n'
                   || (select string_agg(n.price::text, ',' order by n.night) from stay_nights(property, check_in, check_out) n)
                   || E'\n' || plan::text
              from properties p where p.id = property);
end $$;

-- ------------------------------------------------------------------------------------------------- coupons

-- `used` counts the bookings and holds that have the coupon; the check makes its limit exact whoever books at the same time.
create table coupons (
    id          uuid        constraint coupons_pkey primary key,
    code        text        not null constraint coupons_code_form check (code ~ '^[A-Z0-9][A-Z0-9-]{2,31}$'),
    host_id     uuid        constraint coupons_host_fkey references users on delete cascade, -- who pays for it; null: the platform
    property_id uuid        constraint coupons_property_fkey references properties on delete cascade, -- null: all of the host
    percent_ppm integer     constraint coupons_percent_range check (percent_ppm between 1 and 1000000),
    amount      bigint      constraint coupons_amount_range check (amount between 1 and 100000000000),
    max_amount  bigint      constraint coupons_max_amount_range check (max_amount between 1 and 100000000000),
    currency    text        constraint coupons_currency_fkey references currencies,
    min_nights  smallint    not null default 1 constraint coupons_min_nights_range check (min_nights between 1 and 1125),
    valid_from  date, -- days of UTC on which it may be asked for; the last one counts
    valid_until date,
    max_uses    integer     constraint coupons_max_uses_range check (max_uses between 1 and 1000000000),
    max_uses_per_guest integer constraint coupons_max_uses_per_guest_range check (max_uses_per_guest between 1 and 1000000),
    used        integer     not null default 0 constraint coupons_used_range check (used >= 0),
    active      boolean     not null default true,
    version     bigint      not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    constraint coupons_code_key unique nulls not distinct (code, host_id),
    constraint coupons_kind check ((percent_ppm is null) <> (amount is null)),
    constraint coupons_money check ((amount is null and max_amount is null) = (currency is null)),
    constraint coupons_period check (valid_from <= valid_until),
    constraint coupons_uses_limit check (used <= max_uses)
);
create index coupons_host_idx on coupons (host_id, created_at, id);
create index coupons_created_at_idx on coupons (created_at, id);
create index coupons_property_idx on coupons (property_id);

alter table bookings
    add column coupon_id uuid constraint bookings_coupon_fkey references coupons on delete set null;
create index bookings_coupon_idx on bookings (coupon_id) where coupon_id is not null;

create table coupon_uses (
    booking_id uuid constraint coupon_uses_pkey primary key
                    constraint coupon_uses_booking_fkey references bookings on delete cascade,
    coupon_id  uuid not null constraint coupon_uses_coupon_fkey references coupons on delete cascade,
    guest_id   uuid not null constraint coupon_uses_guest_fkey references users
);
create index coupon_uses_coupon_idx on coupon_uses (coupon_id, guest_id);

-- Take one use, or raise. The coupon's row is locked by the update before the guest's uses are counted by a statement of its
-- own, which sees all that was committed before.
create function coupon_take(coupon uuid, booking uuid, guest uuid) returns void language plpgsql as $$
declare
    each_guest integer;
begin
    update coupons set used = used + 1 where id = coupon returning max_uses_per_guest into each_guest;
    if not found then
        return;
    end if;
    insert into coupon_uses (booking_id, coupon_id, guest_id) values (booking, coupon, guest);
    if (select count(*) from coupon_uses u where u.coupon_id = coupon and u.guest_id = guest) > each_guest then
        raise exception 'uses of the coupon' using errcode = 'check_violation', constraint = 'coupons_guest_limit';
    end if;
end $$;

create function coupon_give_back(booking uuid) returns void language sql as $$
    with gone as (delete from coupon_uses where booking_id = booking returning coupon_id)
    update coupons c set used = used - 1 from gone where c.id = gone.coupon_id
$$;

-- A booking that ends unsold gives its use back, one that was sold has used it.
create function coupon_unsold(status text) returns boolean language sql immutable as $$
    select status in ('expired', 'declined', 'cancelled')
$$;

create function bookings_coupon() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if not coupon_unsold(new.status) then
            perform coupon_take(new.coupon_id, new.id, new.guest_id);
        end if;
    elsif coupon_unsold(new.status) and not coupon_unsold(old.status) then
        if old.status in ('held', 'requested') then
            perform coupon_give_back(new.id);
        end if;
    elsif coupon_unsold(old.status) and not coupon_unsold(new.status)
          and not exists (select from coupon_uses where booking_id = new.id) then
        perform coupon_take(new.coupon_id, new.id, new.guest_id);
    end if;
    return null;
end $$;

-- At the end of the transaction, so that a coupon is locked after everything else, nights above all: whoever books and whoever
-- sweeps cannot wait for each other.
create constraint trigger bookings_coupon_taken after insert on bookings
    deferrable initially deferred for each row when (new.coupon_id is not null) execute function bookings_coupon();
create constraint trigger bookings_coupon_changed after update of status on bookings
    deferrable initially deferred for each row when (new.coupon_id is not null) execute function bookings_coupon();

-- A booking that is deleted takes its row of coupon_uses along; then it counts no more.
create function coupon_uses_deleted() returns trigger language plpgsql as $$
begin
    update coupons set used = used - 1
     where id = old.coupon_id and not exists (select from bookings where id = old.booking_id);
    return null;
end $$;
create constraint trigger coupon_uses_deleted after delete on coupon_uses
    deferrable initially deferred for each row execute function coupon_uses_deleted();

-- Whether one more use would be let through now; for those who want to know before they try.
create function coupon_left(coupon uuid, guest uuid) returns boolean language plpgsql stable as $$
begin
    return (
        select c.active and (c.max_uses is null or c.used < c.max_uses)
           and (c.max_uses_per_guest is null
                or (select count(*) from coupon_uses u where u.coupon_id = c.id and u.guest_id = guest) < c.max_uses_per_guest)
          from coupons c where c.id = coupon);
end $$;

-- ------------------------------------------------------------------------------------------ exchange rates

-- What one unit of `base` is worth in `currency`, major units of both; each base has itself at 1. Two currencies are compared
-- by the latest rates that come from the same base and time. Prices are only shown with them, never charged.
create table exchange_rates (
    base     text           constraint exchange_rates_base_fkey references currencies,
    currency text           constraint exchange_rates_currency_fkey references currencies,
    as_of    timestamptz,
    rate     numeric(24,12) not null constraint exchange_rates_rate_positive check (rate > 0),
    constraint exchange_rates_pkey primary key (base, as_of, currency)
);
create index exchange_rates_currency_idx on exchange_rates (currency, as_of desc);

-- -------------------------------------------------------------------------------------------------- quotes

-- total is what the guest pays; it goes to the host, the platform and tax authorities. The platform's part is negative when its
-- coupon is worth more than its fees.
alter table quotes
    add column adults         smallint,
    add column children       smallint not null default 0 constraint quotes_children_range check (children between 0 and 99),
    add column infants        smallint not null default 0 constraint quotes_infants_range check (infants between 0 and 20),
    add column child_ages     smallint[] not null default '{}',
    add column host_total     bigint   constraint quotes_host_total_range check (host_total >= 0),
    add column platform_total bigint   not null default 0,
    add column tax_total      bigint   not null default 0 constraint quotes_tax_total_range check (tax_total >= 0),
    add column cancellation_policy text not null default 'flexible',
    add column coupon_id      uuid     constraint quotes_coupon_fkey references coupons on delete set null,
    add column display_currency text   constraint quotes_display_currency_fkey references currencies,
    add column display_rate   numeric(30,15) constraint quotes_display_rate_positive check (display_rate > 0),
    add column display_as_of  timestamptz,
    add column display_total  bigint;
update quotes set adults = guests, host_total = total;
alter table quotes
    alter column adults set not null,
    alter column host_total set not null,
    add constraint quotes_adults_range check (adults between 1 and 100),
    add constraint quotes_guests_sum check (guests = adults + children),
    add constraint quotes_total_split check (total = host_total + platform_total + tax_total),
    add constraint quotes_display_whole
        check (num_nulls(display_currency, display_rate, display_as_of, display_total) in (0, 4));
create index quotes_coupon_idx on quotes (coupon_id) where coupon_id is not null;

-- Lines of the guest that are not included sum to total, those of the host to host_total. An included tax is part of what other
-- lines say, and so is shown to the guest without being added. `rule` is what the line was derived from.
alter table quote_lines
    drop constraint quote_lines_kind_known,
    add column party          text    not null default 'guest' constraint quote_lines_party_known check (party in ('guest', 'host')),
    add column payee          text    not null default 'host'
                              constraint quote_lines_payee_known check (payee in ('host', 'platform', 'tax')),
    add column included       boolean not null default false,
    add column rule           jsonb,
    add column display_amount bigint,
    add constraint quote_lines_kind_known check (kind in
        ('accommodation', 'discount', 'extra_guest', 'fee', 'tax', 'service_fee', 'coupon'));

grant select, insert, update, delete on property_pricing, coupons, coupon_uses to nexus_api;
grant select on exchange_rates to nexus_api;

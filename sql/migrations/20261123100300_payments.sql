-- Payments: what a guest owes and has paid, what goes back, what was asked of a provider and what it has told.
--
-- What a provider says comes late, twice and in any order, so it is merged and never written over: captured money only
-- grows, and a state gives way only to one that outranks it (payment_record, refund_record).

-- UUIDv7 where a statement makes rows by itself; like those of the program they sort by time.
create function uuid_v7() returns uuid language sql volatile as $$
    select overlay(gen_random_uuid()::text
                   placing lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '-7' from 1 for 15)::uuid
$$;

-- How a property wants to be paid; without a row all at once, when it is booked.
create table payment_terms (
    property_id  uuid        constraint payment_terms_pkey primary key
                             constraint payment_terms_property_fkey references properties on delete cascade,
    deposit_ppm  integer     not null default 1000000 constraint payment_terms_deposit_range check (deposit_ppm between 10000 and 1000000),
    balance_days smallint    not null default 30 constraint payment_terms_balance_range check (balance_days between 0 and 365),
    security     bigint      constraint payment_terms_security_range check (security between 1 and 100000000000),
    version      bigint      not null default 1,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now()
);

create table payments (
    id           uuid        constraint payments_pkey primary key,
    booking_id   uuid        not null constraint payments_booking_fkey references bookings,
    provider     text        not null constraint payments_provider_form check (provider ~ '^[a-z][a-z0-9_]{0,31}$'),
    purpose      text        not null constraint payments_purpose_known check (purpose in ('charge', 'deposit', 'balance', 'security')),
    manual       boolean     not null default false, -- authorized first, captured by a request of its own
    status       text        not null constraint payments_status_known check
                             (status in ('pending', 'requires_action', 'authorized', 'captured', 'failed', 'cancelled')),
    amount       bigint      not null constraint payments_amount_range check (amount > 0),
    currency     text        not null constraint payments_currency_fkey references currencies,
    captured     bigint      not null default 0 constraint payments_captured_range check (captured >= 0),
    refunding    bigint      not null default 0 constraint payments_refunding_range check (refunding >= 0), -- asked for, not done
    refunded     bigint      not null default 0 constraint payments_refunded_range check (refunded >= 0),
    provider_ref text        constraint payments_provider_ref_length check (length(provider_ref) between 1 and 255),
    action       jsonb,      -- what the payer has to do: shown to the guest alone, gone when it is done
    failure      text        constraint payments_failure_length check (length(failure) <= 200),
    due_at       timestamptz not null default now(),
    said_at      timestamptz not null default '-infinity', -- the provider's time of what decided among states of one rank
    captured_at  timestamptz,
    version      bigint      not null default 1,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    constraint payments_captured_known check ((status = 'captured') = (captured > 0) and (captured > 0) = (captured_at is not null)),
    constraint payments_refunds_covered check (refunding + refunded <= captured)
);
create index payments_booking_idx on payments (booking_id, id);
-- One attempt at a time for one purpose.
create unique index payments_open_key on payments (booking_id, purpose) where status in ('pending', 'requires_action', 'authorized');
create unique index payments_provider_ref_key on payments (provider, provider_ref) where provider_ref is not null;
create index payments_open_due_idx on payments (due_at) where status in ('pending', 'requires_action', 'authorized');

create table refunds (
    id           uuid        constraint refunds_pkey primary key,
    payment_id   uuid        not null constraint refunds_payment_fkey references payments,
    booking_id   uuid        not null constraint refunds_booking_fkey references bookings,
    amount       bigint      not null constraint refunds_amount_range check (amount > 0),
    currency     text        not null constraint refunds_currency_fkey references currencies,
    reason       text        not null constraint refunds_reason_length check (length(reason) between 1 and 200),
    status       text        not null constraint refunds_status_known check (status in ('pending', 'sent', 'done', 'failed')),
    goodwill     boolean     not null default false, -- what the stay costs is the same: no more is due because of it
    provider_ref text        constraint refunds_provider_ref_length check (length(provider_ref) between 1 and 255),
    done_at      timestamptz,
    version      bigint      not null default 1,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    constraint refunds_provider_ref_key unique (payment_id, provider_ref)
);
create index refunds_booking_idx on refunds (booking_id, id);
create index refunds_open_idx on refunds (created_at) where status in ('pending', 'sent');

-- The sums on a payment follow its refunds; payments_refunds_covered refuses more than was captured.
create function refund_counted() returns trigger language plpgsql as $$
declare
    open_before bigint := 0; open_after bigint; done_before bigint := 0; done_after bigint;
begin
    if tg_op = 'UPDATE' then
        open_before := case when old.status in ('pending', 'sent') then old.amount else 0 end;
        done_before := case when old.status = 'done' then old.amount else 0 end;
    end if;
    open_after := case when new.status in ('pending', 'sent') then new.amount else 0 end;
    done_after := case when new.status = 'done' then new.amount else 0 end;
    if open_before <> open_after or done_before <> done_after then
        update payments set refunding = refunding - open_before + open_after, refunded = refunded - done_before + done_after,
                            version = version + 1, updated_at = now()
         where id = new.payment_id;
    end if;
    return null;
end $$;
create trigger refunds_counted after insert or update of status, amount on refunds
    for each row execute function refund_counted();

-- What is asked of a provider, written before it is asked. The id is the provider's idempotency key: a call whose answer was
-- lost is made again under it. Calls of one payment are made in the order of seq.
create table provider_calls (
    id          uuid        constraint provider_calls_pkey primary key,
    seq         bigint      generated always as identity,
    provider    text        not null,
    payment_id  uuid        not null constraint provider_calls_payment_fkey references payments,
    refund_id   uuid        constraint provider_calls_refund_fkey references refunds,
    what        text        not null constraint provider_calls_what_known check
                            (what in ('customer', 'create', 'capture', 'cancel', 'refund', 'read')),
    amount      bigint      constraint provider_calls_amount_range check (amount > 0),
    detail      jsonb, -- what the request gave and the call needs: a payment method's reference, where to return to
    state       text        not null default 'waiting' constraint provider_calls_state_known check
                            (state in ('waiting', 'under_way', 'done', 'refused', 'given_up')),
    attempts    integer     not null default 0,
    next_at     timestamptz not null default now(), -- not before; of a call under way: when it counts as lost
    http_status integer,
    error       text        constraint provider_calls_error_length check (length(error) <= 500),
    created_at  timestamptz not null default now(),
    finished_at timestamptz,
    constraint provider_calls_refund_given check ((what = 'refund') = (refund_id is not null))
);
create index provider_calls_next_idx on provider_calls (next_at) where state in ('waiting', 'under_way');
create index provider_calls_payment_idx on provider_calls (payment_id, seq);
create index provider_calls_refund_idx on provider_calls (refund_id) where refund_id is not null;

-- Who a guest is at a provider.
create table payment_customers (
    user_id      uuid        constraint payment_customers_user_fkey references users on delete cascade,
    provider     text,
    provider_ref text        not null constraint payment_customers_ref_length check (length(provider_ref) between 1 and 255),
    method_ref   text        constraint payment_customers_method_length check (length(method_ref) between 1 and 255), -- for balances
    created_at   timestamptz not null default now(),
    constraint payment_customers_pkey primary key (user_id, provider)
);

-- What a provider has told us by its webhook: stored before it is answered, handled once.
create table provider_events (
    provider    text,
    event_id    text        constraint provider_events_id_length check (length(event_id) between 1 and 255),
    kind        text        not null,
    payload     text        not null,
    payment_id  uuid        constraint provider_events_payment_fkey references payments, -- once it is known
    received_at timestamptz not null default now(),
    handled_at  timestamptz,
    attempts    integer     not null default 0,
    next_at     timestamptz not null default now(),
    error       text        constraint provider_events_error_length check (length(error) <= 500),
    constraint provider_events_pkey primary key (provider, event_id)
);
create index provider_events_next_idx on provider_events (next_at) where handled_at is null;
create index provider_events_payment_idx on provider_events (payment_id) where handled_at is null;
create index provider_events_received_idx on provider_events (received_at);

-- Merge what was said about a payment; the booking's row is locked before, then the payment's. Returns by how much the
-- captured money has grown. Given null, a member says nothing.
create function payment_record(payment uuid, said text, said_captured bigint, ref text, said_action jsonb, said_failure text,
                               said_when timestamptz) returns bigint language plpgsql as $$
declare
    p       payments;
    grown   bigint;
    after   text;
    rank    constant text[] := '{pending,failed,requires_action,authorized,cancelled,captured}';
    newer   boolean;
begin
    perform from bookings b where b.id = (select booking_id from payments where id = payment) for no key update;
    select * into p from payments where id = payment for no key update;
    grown := greatest(coalesce(said_captured, 0) - p.captured, 0);
    after := case when p.captured + grown > 0 then 'captured'
                  when said is null or said = 'captured' then p.status
                  when array_position(rank, said) >= 4 or array_position(rank, p.status) >= 4
                  then rank[greatest(array_position(rank, said), array_position(rank, p.status))]
                  when said_when > p.said_at or (said_when = p.said_at and array_position(rank, said) > array_position(rank, p.status))
                  then said
                  else p.status end;
    newer := after = said and coalesce(said_when >= p.said_at, true);
    update payments
       set status = after, captured = p.captured + grown,
           captured_at = case when p.captured + grown > 0 then coalesce(p.captured_at, now()) end,
           provider_ref = coalesce(p.provider_ref, ref),
           action = case when after in ('captured', 'cancelled') then null when newer then coalesce(said_action, p.action) else p.action end,
           failure = case when after in ('failed', 'cancelled') then case when newer then coalesce(said_failure, p.failure) else p.failure end end,
           said_at = case when newer then greatest(p.said_at, coalesce(said_when, p.said_at)) else p.said_at end,
           version = version + 1, updated_at = now()
     where id = payment
       and (status, captured, provider_ref, action, failure) is distinct from
           (after, p.captured + grown, coalesce(p.provider_ref, ref),
            case when after in ('captured', 'cancelled') then null when newer then coalesce(said_action, p.action) else p.action end,
            case when after in ('failed', 'cancelled') then case when newer then coalesce(said_failure, p.failure) else p.failure end end);
    return grown;
end $$;

-- Merge what was said about a refund. One that we did not ask for was made with the provider directly: it is recorded too.
create function refund_record(payment uuid, refund uuid, ref text, said_amount bigint, said text) returns void language plpgsql as $$
declare
    rank constant text[] := '{pending,sent,done,failed}';
begin
    perform from bookings b where b.id = (select booking_id from payments where id = payment) for no key update;
    perform from payments where id = payment for no key update;
    update refunds r
       set status = rank[greatest(array_position(rank, said), array_position(rank, r.status))],
           provider_ref = coalesce(r.provider_ref, ref),
           done_at = case when said = 'done' then coalesce(r.done_at, now()) else r.done_at end,
           version = r.version + 1, updated_at = now()
     where r.payment_id = payment and (r.id = refund or r.provider_ref = ref)
       and (array_position(rank, said) > array_position(rank, r.status) or r.provider_ref is distinct from coalesce(r.provider_ref, ref));
    if not found and not exists (select from refunds r where r.payment_id = payment and (r.id = refund or r.provider_ref = ref)) then
        insert into refunds (id, payment_id, booking_id, amount, currency, reason, goodwill, status, provider_ref, done_at)
        select uuid_v7(), p.id, p.booking_id, said_amount, p.currency, 'made with the provider', true, said, ref,
               case when said = 'done' then now() end
          from payments p where p.id = payment and said <> 'failed';
    end if;
end $$;

-- What was paid for a stay, less what went back or is about to because it was not owed.
create function payment_paid(booking uuid) returns bigint language plpgsql stable as $$
begin
    return coalesce((select sum(captured) from payments where booking_id = booking and purpose <> 'security'), 0)::bigint
         - coalesce((select sum(r.amount) from refunds r join payments p on p.id = r.payment_id
                      where r.booking_id = booking and p.purpose <> 'security' and not r.goodwill and r.status <> 'failed'), 0)::bigint;
end $$;

-- Give back at most `wanted` of what a booking's guest has paid (or of one payment), the latest payment first; returns how
-- much. Offline money is handed back by the host, so such a refund is done as soon as it is recorded.
create function payment_refund(booking uuid, of_payment uuid, wanted bigint, why text, is_goodwill boolean) returns bigint language plpgsql as $$
declare
    p      payments;
    part   bigint;
    given  bigint := 0;
    made   uuid;
begin
    perform from bookings where id = booking for no key update;
    for p in select * from payments
              where booking_id = booking and captured > refunding + refunded and (id = of_payment or of_payment is null and purpose <> 'security')
              order by id desc for no key update
    loop
        part := least(wanted - given, p.captured - p.refunding - p.refunded);
        exit when part <= 0;
        made := uuid_v7();
        insert into refunds (id, payment_id, booking_id, amount, currency, reason, goodwill, status, done_at)
        values (made, p.id, p.booking_id, part, p.currency, why, is_goodwill, case p.provider when 'offline' then 'done' else 'pending' end,
                case p.provider when 'offline' then now() end);
        if p.provider <> 'offline' then
            insert into provider_calls (id, provider, payment_id, refund_id, what, amount)
            values (uuid_v7(), p.provider, p.id, made, 'refund', part);
        end if;
        given := given + part;
    end loop;
    return given;
end $$;

-- Nothing more is to be paid for a booking: what is open is given up, here at once and at the provider by a call.
create function payment_close(booking uuid) returns void language plpgsql as $$
begin
    perform from bookings where id = booking for no key update;
    insert into provider_calls (id, provider, payment_id, what)
    select uuid_v7(), p.provider, p.id, 'cancel' from payments p
     where p.booking_id = booking and p.provider <> 'offline' and p.status in ('pending', 'requires_action', 'authorized');
    update payments set status = 'cancelled', action = null, version = version + 1, updated_at = now()
     where booking_id = booking and provider = 'offline' and status in ('pending', 'requires_action', 'authorized');
end $$;

grant select, insert, update on payments, refunds, provider_calls, payment_customers, provider_events to nexus_api;
grant select, insert, update, delete on payment_terms to nexus_api;

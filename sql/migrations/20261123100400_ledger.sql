-- The ledger: double entry. A transaction is what happened once (a sale, a capture, a refund ...), its entries say whose
-- account it moves, and they add up to zero in every currency. Nothing is ever changed: what was wrong is put right by
-- another transaction.
--
-- Signs: positive is what the marketplace owes the holder of the account, negative what the holder owes it, or keeps for it.
-- A sale of 100 is guest -100, host +88, platform +10, tax +2; its payment guest +100, provider -100 (the money lies with the
-- provider); the payout host -88, provider +88.
--
-- The ledger follows bookings, payments and refunds by triggers, in the transaction of the change: no op can sell, charge or
-- refund without an entry.

-- What a booking's total is made of: what the host gets, the service fees, the taxes. Null: all of it is the host's.
alter table bookings add column if not exists host_total bigint;
alter table bookings add column if not exists platform_total bigint not null default 0;
alter table bookings add column if not exists tax_total bigint not null default 0;

create table ledger_accounts (
    id         uuid        constraint ledger_accounts_pkey primary key,
    kind       text        not null constraint ledger_accounts_kind_known
                           check (kind in ('guest', 'host', 'platform', 'tax', 'provider', 'deposit')),
    holder_id  uuid,       -- the user; null for platform, tax and provider
    name       text        not null default '', -- the provider's
    currency   text        not null constraint ledger_accounts_currency_fkey references currencies,
    created_at timestamptz not null default now(),
    constraint ledger_accounts_holder_known check ((holder_id is not null) = (kind in ('guest', 'host', 'deposit'))),
    constraint ledger_accounts_name_known check ((name <> '') = (kind = 'provider'))
);
create index ledger_accounts_holder_idx on ledger_accounts (holder_id);
create index ledger_accounts_kind_idx on ledger_accounts (kind, id);
create index ledger_accounts_currency_idx on ledger_accounts (currency, id);

-- An account is found without being looked for. No foreign key leads to users: accounts outlive them.
create function ledger_account(kind text, holder uuid, name text, currency text) returns uuid
language sql immutable parallel safe as $$
    select md5(kind || '/' || coalesce(holder::text, '') || '/' || name || '/' || currency)::uuid
$$;

create table ledger_transactions (
    id         uuid        constraint ledger_transactions_pkey primary key,
    kind       text        not null constraint ledger_transactions_kind_known
                           check (kind in ('sale', 'change', 'reversal', 'capture', 'refund', 'refund_failed', 'split', 'payout')),
    booking_id uuid        constraint ledger_transactions_booking_fkey references bookings,
    cause_id   uuid,       -- the payment, refund or payout it tells of
    at         timestamptz not null default nexus_now()
);
create index ledger_transactions_cause_idx on ledger_transactions (cause_id) where cause_id is not null;
-- What happens once is posted once, however often it is told.
create unique index ledger_transactions_sale_key on ledger_transactions (booking_id) where kind = 'sale';
create unique index ledger_transactions_reversal_key on ledger_transactions (booking_id) where kind = 'reversal';
create unique index ledger_transactions_once_key on ledger_transactions (cause_id, kind) where kind in ('refund', 'refund_failed', 'payout');

-- No foreign keys to accounts: neither side can go away, and each sale would lock the platform's row. What the keys would
-- say is said by the constraint below, which looks at both.
create table ledger_entries (
    id             uuid        constraint ledger_entries_pkey primary key,
    transaction_id uuid        not null,
    account_id     uuid        not null,
    booking_id     uuid,       -- its transaction's
    currency       text        not null,
    amount         bigint      not null constraint ledger_entries_amount_not_zero check (amount <> 0),
    at             timestamptz not null -- its transaction's
);
create index ledger_entries_transaction_idx on ledger_entries (transaction_id);
create index ledger_entries_booking_idx on ledger_entries (booking_id, at, id) where booking_id is not null;
create index ledger_entries_account_idx on ledger_entries (account_id, at, id) include (amount);

-- ------------------------------------------------------------------------------------------------- guards

-- When the transaction commits its entries are those of accounts that are there, and add up to zero per currency.
create function ledger_zero() returns trigger language plpgsql as $$
begin
    if exists (select from ledger_entries e
                 left join ledger_accounts a on a.id = e.account_id and a.currency = e.currency
                 left join ledger_transactions t on t.id = e.transaction_id and t.at = e.at
                                                 and t.booking_id is not distinct from e.booking_id
                where e.transaction_id = new.transaction_id
                group by e.currency
               having sum(e.amount) <> 0 or not bool_and(a.id is not null and t.id is not null)) then
        raise exception 'the entries of ledger transaction % do not add up to zero', new.transaction_id
            using errcode = 'check_violation', constraint = 'ledger_entries_zero';
    end if;
    return null;
end $$;
create constraint trigger ledger_entries_zero after insert on ledger_entries deferrable initially deferred
    for each row execute function ledger_zero();

create function ledger_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is only added to' using errcode = 'insufficient_privilege';
end $$;
create trigger ledger_accounts_fixed before update or delete or truncate on ledger_accounts
    for each statement execute function ledger_refuse();
create trigger ledger_transactions_fixed before update or delete or truncate on ledger_transactions
    for each statement execute function ledger_refuse();
create trigger ledger_entries_fixed before update or delete or truncate on ledger_entries
    for each statement execute function ledger_refuse();

-- ---------------------------------------------------------------------------------------------------- posting

-- Post a transaction; the arrays have an element for each entry, zero amounts are left out. Accounts are made when they are
-- first used, by kind and holder, so that two who make the same ones do not wait for each other crosswise.
create function ledger_post(what text, of_booking uuid, because uuid, money text, kinds text[], holders uuid[], names text[],
                            amounts bigint[]) returns uuid
language plpgsql as $$
declare
    posted uuid := uuid_v7();
begin
    insert into ledger_accounts (id, kind, holder_id, name, currency)
        select ledger_account(l.kind, l.holder, l.name, money), l.kind, l.holder, l.name, money
          from unnest(kinds, holders, names) as l(kind, holder, name)
         where not exists (select from ledger_accounts a where a.id = ledger_account(l.kind, l.holder, l.name, money)) -- nearly never
         order by l.kind, l.holder, l.name
        on conflict (id) do nothing;
    insert into ledger_transactions (id, kind, booking_id, cause_id) values (posted, what, of_booking, because);
    insert into ledger_entries (id, transaction_id, account_id, booking_id, currency, amount, at)
        select uuid_v7(), posted, ledger_account(l.kind, l.holder, l.name, money), of_booking, money, l.amount, nexus_now()
          from unnest(kinds, holders, names, amounts) as l(kind, holder, name, amount)
         where l.amount <> 0;
    return posted;
end $$;

-- What a booking owes and gives, as the entries of its sale.
create function ledger_post_stay(what text, booking uuid, guest uuid, host uuid, money text, total bigint, host_total bigint,
                                 platform_total bigint, tax_total bigint) returns uuid
language plpgsql as $$
begin
    return ledger_post(what, booking, null, money, '{guest,host,platform,tax}', array[guest, host, null, null], '{"","","",""}',
                       array[-total, host_total, platform_total, tax_total]);
end $$;

-- The stays whose price is owed. Whether a booking is cancelled for a fee or for nothing is said by its reversal.
create function ledger_sold(status text) returns boolean language sql immutable parallel safe as $$
    select status in ('confirmed', 'checked_in', 'completed', 'no_show')
$$;

-- A booking becomes a sale, or a sale changes its price.
create function ledger_on_booking() returns trigger language plpgsql as $$
declare
    host bigint := coalesce(new.host_total, new.total - new.platform_total - new.tax_total);
begin
    if tg_op = 'INSERT' or not ledger_sold(old.status) then
        perform ledger_post_stay('sale', new.id, new.guest_id, new.host_id, new.currency, new.total, host,
                                 new.platform_total, new.tax_total);
    else
        perform ledger_post_stay('change', new.id, new.guest_id, new.host_id, new.currency, new.total - old.total,
                                 host - coalesce(old.host_total, old.total - old.platform_total - old.tax_total),
                                 new.platform_total - old.platform_total, new.tax_total - old.tax_total);
        perform payout_due(new.id);
    end if;
    return null;
end $$;
create trigger bookings_sale after insert on bookings
    for each row when (ledger_sold(new.status)) execute function ledger_on_booking();
create trigger bookings_sale_later after update of status, total, host_total, platform_total, tax_total on bookings
    for each row when (ledger_sold(new.status)
                       and (not ledger_sold(old.status)
                            or (old.total, old.host_total, old.platform_total, old.tax_total)
                               is distinct from (new.total, new.host_total, new.platform_total, new.tax_total)))
    execute function ledger_on_booking();

-- Take back `refund` of what a booking was sold for, each party's part by largest remainder. A refund of nothing is posted
-- too: it says that the cancellation was accounted for. Once a booking; a second call is refused.
create function ledger_reverse(booking uuid, refund bigint) returns void language plpgsql as $$
declare
    b     bookings;
    parts bigint[];
    given bigint[];
begin
    select * into strict b from bookings where id = booking;
    if refund < 0 or refund > b.total then
        raise exception 'no more is reversed than was sold' using errcode = 'check_violation',
            constraint = 'ledger_reversal_range';
    end if;
    parts := array[coalesce(b.host_total, b.total - b.platform_total - b.tax_total), b.platform_total, b.tax_total];
    select array_agg(p.share + case when p.turn <= refund - p.shares then 1 else 0 end order by p.place) into given
      from (select s.place, s.share, sum(s.share) over () as shares, row_number() over (order by s.rest desc, s.place) as turn
              from (select x.place, div(x.part::numeric * refund, greatest(b.total, 1))::bigint as share,
                           mod(x.part::numeric * refund, greatest(b.total, 1)) as rest
                      from unnest(parts) with ordinality as x(part, place)) s) p;
    perform ledger_post_stay('reversal', b.id, b.guest_id, b.host_id, b.currency, -refund, -given[1], -given[2], -given[3]);
end $$;

-- A cancelled sale is taken back by what the guest gets back; where nobody has said what is kept, whole.
create function ledger_on_cancel() returns trigger language plpgsql as $$
begin
    perform ledger_reverse(new.id, coalesce(new.refund, new.total));
    perform payout_due(new.id);
    return null;
end $$;
create trigger bookings_reversal after update of status on bookings
    for each row when (new.status = 'cancelled' and ledger_sold(old.status)) execute function ledger_on_cancel();

-- Money at a provider: of a security payment it is the guest's deposit.
create function ledger_post_money(what text, cause uuid, of_payment uuid, moved bigint) returns void language plpgsql as $$
begin
    perform ledger_post(what, p.booking_id, cause, p.currency,
                       array[case p.purpose when 'security' then 'deposit' else 'guest' end, 'provider'],
                       array[b.guest_id, null], array['', p.provider], array[moved, -moved])
      from payments p join bookings b on b.id = p.booking_id where p.id = of_payment;
end $$;

create function ledger_on_payment() returns trigger language plpgsql as $$
begin
    perform ledger_post_money('capture', new.id, new.id,
                              new.captured - case tg_op when 'UPDATE' then old.captured else 0 end);
    perform payout_due(new.booking_id);
    return null;
end $$;
create trigger payments_capture after insert on payments
    for each row when (new.captured > 0) execute function ledger_on_payment();
create trigger payments_capture_later after update of captured on payments
    for each row when (new.captured <> old.captured) execute function ledger_on_payment();

-- A refund that the provider says has failed after all is put back.
create function ledger_on_refund() returns trigger language plpgsql as $$
begin
    if new.status = 'done' then
        perform ledger_post_money('refund', new.id, new.payment_id, -new.amount);
    else
        perform ledger_post_money('refund_failed', new.id, new.payment_id, new.amount);
    end if;
    return null;
end $$;
create trigger refunds_done after insert on refunds
    for each row when (new.status = 'done') execute function ledger_on_refund();
create trigger refunds_done_later after update of status on refunds
    for each row when ((new.status = 'done') <> (old.status = 'done')) execute function ledger_on_refund();

-- ---------------------------------------------------------------------------------------------------- payouts

-- What a co-host gets of what the host gets for a stay.
alter table property_members add column share_ppm integer not null default 0
    constraint property_members_share_range check (share_ppm between 0 and 1000000);

-- All shares of a property together are no more than everything. The lock orders those who change them at once.
create function property_members_share() returns trigger language plpgsql as $$
begin
    perform from properties where id = new.property_id for no key update;
    if (select sum(share_ppm) from property_members where property_id = new.property_id) > 1000000 then
        raise exception 'the shares of a property are more than everything'
            using errcode = 'check_violation', constraint = 'property_members_shares_sum';
    end if;
    return null;
end $$;
create trigger property_members_share after insert or update of share_ppm on property_members
    for each row when (new.share_ppm > 0) execute function property_members_share();

-- Bookings whose money has to be looked at, when it is time: paid out is what the guest has paid, a day after check-in.
create table payout_dues (
    booking_id uuid        constraint payout_dues_pkey primary key constraint payout_dues_booking_fkey references bookings,
    due_at     timestamptz not null
);
create index payout_dues_due_at_idx on payout_dues (due_at);

create table payouts (
    id         uuid        constraint payouts_pkey primary key,
    payee_id   uuid        not null constraint payouts_payee_fkey references users,
    provider   text        not null,
    currency   text        not null constraint payouts_currency_fkey references currencies,
    amount     bigint      not null constraint payouts_amount_range check (amount > 0),
    status     text        not null constraint payouts_status_known check (status in ('pending', 'paid')),
    reference  text        constraint payouts_reference_length check (length(reference) between 1 and 200),
    paid_at    timestamptz,
    version    bigint      not null default 1,
    created_at timestamptz not null default nexus_now(),
    updated_at timestamptz not null default nexus_now(),
    constraint payouts_paid_known check ((status = 'paid') = (paid_at is not null))
);
create index payouts_payee_idx on payouts (payee_id, created_at, id);
create index payouts_created_at_idx on payouts (created_at, id);
create index payouts_status_idx on payouts (status, created_at, id);

-- What one stay gives one payee; negative when something is taken back of what was paid out. Without a payout: waiting for one.
create table payout_items (
    id         uuid        constraint payout_items_pkey primary key,
    booking_id uuid        not null constraint payout_items_booking_fkey references bookings,
    payee_id   uuid        not null constraint payout_items_payee_fkey references users,
    provider   text        not null,
    currency   text        not null constraint payout_items_currency_fkey references currencies,
    amount     bigint      not null constraint payout_items_amount_not_zero check (amount <> 0),
    payout_id  uuid        constraint payout_items_payout_fkey references payouts,
    created_at timestamptz not null default nexus_now()
);
create index payout_items_booking_idx on payout_items (booking_id);
create index payout_items_payout_idx on payout_items (payout_id, id);
create index payout_items_waiting_idx on payout_items (payee_id, currency, provider) where payout_id is null;

-- The money of a booking has moved: look at it when it is time.
create function payout_due(booking uuid) returns void language plpgsql as $$
begin
    insert into payout_dues (booking_id, due_at)
    select b.id, greatest(coalesce(b.check_in_at, b.check_in::timestamptz) + interval '24 hours', nexus_now())
      from bookings b where b.id = booking
    on conflict (booking_id) do update set due_at = excluded.due_at;
end $$;

create function payout_moved() returns trigger language plpgsql as $$
begin
    update payout_dues set due_at = greatest(new.check_in_at + interval '24 hours', nexus_now()) where booking_id = new.id;
    return null;
end $$;
create trigger bookings_payout_moved after update of check_in_at on bookings
    for each row when (old.check_in_at is distinct from new.check_in_at) execute function payout_moved();

-- What is owed for a booking to whoever hosts it, given to host and co-hosts by their shares (largest remainder).
create function payout_split(b bookings, owed bigint, with_provider text) returns void language plpgsql as $$
declare
    payees uuid[];
    parts  bigint[];
    n      integer;
begin
    select array_agg(x.payee order by x.place), array_agg(x.part + case when x.turn <= abs(owed) - x.parts then 1 else 0 end order by x.place)
      into payees, parts
      from (select s.payee, s.place, s.part, sum(s.part) over () as parts, row_number() over (order by s.rest desc, s.place) as turn
              from (select m.payee, m.place, div(abs(owed)::numeric * m.share, 1000000)::bigint as part,
                           mod(abs(owed)::numeric * m.share, 1000000) as rest
                      from (select b.host_id as payee, 0 as place,
                                   1000000 - coalesce((select sum(share_ppm) from property_members where property_id = b.property_id), 0) as share
                             union all
                            select user_id, row_number() over (order by user_id), share_ppm
                              from property_members where property_id = b.property_id and share_ppm > 0) m) s) x;
    n := cardinality(payees);
    parts := array(select p * sign(owed)::integer from unnest(parts) with ordinality as p(p, place) order by place);
    insert into payout_items (id, booking_id, payee_id, provider, currency, amount)
        select uuid_v7(), b.id, x.payee, with_provider, b.currency, x.part
          from unnest(payees, parts) as x(payee, part) where x.part <> 0;
    if n > 1 and parts[1] <> owed then
        perform ledger_post('split', b.id, null, b.currency, array_fill('host'::text, array[n]), payees, array_fill(''::text, array[n]),
                            array[parts[1] - owed] || parts[2:]);
    end if;
end $$;

-- Look at up to `most` bookings whose time has come; returns how many. What the guest has not paid in full waits for the
-- money, which puts the booking here again. What somebody else is just working on is passed over.
create function payouts_collect(most bigint) returns bigint language plpgsql as $$
declare
    b    bookings;
    n    bigint := 0;
    owes bigint;
    owed bigint;
begin
    for b in select x.* from payout_dues d join bookings x on x.id = d.booking_id
              where d.due_at <= nexus_now() order by d.due_at limit most for update of d, x skip locked
    loop
        n := n + 1;
        select coalesce(sum(e.amount) filter (where a.kind = 'guest'), 0), coalesce(sum(e.amount) filter (where a.kind = 'host'), 0)
          into owes, owed
          from ledger_entries e join ledger_accounts a on a.id = e.account_id where e.booking_id = b.id;
        owed := owed - (select coalesce(sum(amount), 0) from payout_items where booking_id = b.id);
        if owes >= 0 and owed <> 0 then
            perform payout_split(b, owed, coalesce((select p.provider from payments p where p.booking_id = b.id and p.captured > 0
                                                     order by p.captured_at desc, p.id desc limit 1), 'offline'));
        end if;
        delete from payout_dues where booking_id = b.id;
    end loop;
    return n;
end $$;

-- Pay what waits, one payout per payee, currency and provider; returns how many. Who owes more than waits is not paid. Offline
-- money lies with the host already; what lies with another provider is sent by hand.
create function payouts_batch(most bigint) returns bigint language plpgsql as $$
declare
    w    record;
    made uuid;
    n    bigint := 0;
begin
    if not pg_try_advisory_xact_lock(hashtextextended('payouts_batch', 0)) then
        return 0;
    end if;
    for w in select payee_id, currency, provider, sum(amount) as amount from payout_items where payout_id is null
              group by payee_id, currency, provider having sum(amount) > 0 order by payee_id, currency, provider limit most
    loop
        made := uuid_v7();
        insert into payouts (id, payee_id, provider, currency, amount, status, paid_at)
        values (made, w.payee_id, w.provider, w.currency, w.amount, case w.provider when 'offline' then 'paid' else 'pending' end,
                case w.provider when 'offline' then nexus_now() end);
        update payout_items set payout_id = made
         where payout_id is null and (payee_id, currency, provider) = (w.payee_id, w.currency, w.provider);
        n := n + 1;
    end loop;
    return n;
end $$;

create function ledger_on_payout() returns trigger language plpgsql as $$
begin
    perform ledger_post('payout', null, new.id, new.currency, '{host,provider}', array[new.payee_id, null], array['', new.provider],
                        array[-new.amount, new.amount]);
    return null;
end $$;
create trigger payouts_paid after insert on payouts
    for each row when (new.status = 'paid') execute function ledger_on_payout();
create trigger payouts_paid_later after update of status on payouts
    for each row when (new.status = 'paid' and old.status <> 'paid') execute function ledger_on_payout();

grant select, insert, update, delete on payout_dues to nexus_api;
grant select, insert, update on payouts, payout_items to nexus_api;

-- Sales of bookings that were loaded with triggers off, as of the time they were made.
create function ledger_fill() returns bigint language plpgsql as $$
declare
    n bigint;
begin
    with missing as materialized (
        select uuid_v7() as posted, b.id, b.created_at, b.currency, array[b.guest_id, b.host_id, null, null] as holders,
               array[-b.total, coalesce(b.host_total, b.total - b.platform_total - b.tax_total), b.platform_total,
                     b.tax_total] as amounts
          from bookings b
         where ledger_sold(b.status)
           and not exists (select from ledger_transactions t where t.booking_id = b.id and t.kind = 'sale')),
    lines as materialized (
        select m.posted, m.id as booking, l.kind, l.holder, m.currency, l.amount, m.created_at as at
          from missing m, unnest('{guest,host,platform,tax}'::text[], m.holders, m.amounts) as l(kind, holder, amount)
         where l.amount <> 0),
    accounts as (
        insert into ledger_accounts (id, kind, holder_id, currency)
        select ledger_account(kind, holder, '', currency), kind, holder, currency
          from (select distinct kind, holder, currency from lines) l on conflict (id) do nothing),
    transactions as (
        insert into ledger_transactions (id, kind, booking_id, at) select posted, 'sale', id, created_at from missing
        returning 1),
    entries as (
        insert into ledger_entries (id, transaction_id, account_id, booking_id, currency, amount, at)
        select uuid_v7(), posted, ledger_account(kind, holder, '', currency), booking, currency, amount, at from lines)
    select count(*) into n from transactions;
    return n;
end $$;
select ledger_fill();

grant select, insert on ledger_accounts, ledger_transactions, ledger_entries to nexus_api;
revoke execute on function ledger_fill() from public;

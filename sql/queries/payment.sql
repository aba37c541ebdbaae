-- Statements of src/payment.

-- name: payment_refund
-- $1 booking, $2 one payment or null, $3 amount at most, $4 reason, $5 goodwill. How much is given back.
with given as (select payment_refund($1, $2, $3::int8, $4, $5::bool) as amount)
select amount from given;

-- name: payment_close
with closed as (select payment_close($1))
select from closed;

-- name: payment_instant
-- $1 payment, $2 booking, $3 whether it is paid. The whole of a confirmed booking, offline, unless it is paid otherwise.
insert into payments (id, booking_id, provider, purpose, status, amount, currency, captured, captured_at)
select $1, b.id, 'offline', 'charge', case when $3::bool then 'captured' else 'pending' end, b.total, b.currency,
       case when $3 then b.total else 0 end, case when $3 then now() end
  from bookings b
 where b.id = $2 and b.total > 0
   and not exists (select from payments x where x.booking_id = b.id and x.purpose <> 'security'
                    and x.status in ('pending', 'requires_action', 'authorized', 'captured'));

-- name: payment_capture_held
-- A request ($1) was accepted: what is held for it is taken.
insert into provider_calls (id, provider, payment_id, what, amount)
select uuid_v7(), p.provider, p.id, 'capture', p.amount from payments p
 where p.booking_id = $1 and p.purpose <> 'security' and p.status = 'authorized'
   and not exists (select from provider_calls c where c.payment_id = p.id and c.what in ('capture', 'cancel'));

-- name: payment_due
-- What is to be paid for a booking ($1) of the guest ($2), which is locked; $3 provider.
select b.status, b.total, b.currency,
       payment_paid(b.id),
       exists (select from payments x where x.booking_id = b.id and x.purpose <> 'security'
                and x.status in ('pending', 'requires_action', 'authorized')
                and (x.purpose <> 'balance' or exists (select from provider_calls c where c.payment_id = x.id))),
       b.check_in - (nexus_now() at time zone p.time_zone)::date,
       coalesce(t.deposit_ppm, 1000000), coalesce(t.balance_days, 0)::int4, coalesce(t.security, 0),
       exists (select from payment_customers c where c.user_id = b.guest_id and c.provider = $3)
  from bookings b join properties p on p.id = b.property_id left join payment_terms t on t.property_id = p.id
 where b.id = $1 and b.guest_id = $2
   for no key update of b;

-- name: payment_insert
-- $1 payment, $2 booking, $3 provider, $4 purpose, $5 manual, $6 amount. A balance that waits for its day is taken up.
with waiting as (
    update payments p set provider = $3, manual = $5, amount = $6, version = version + 1, updated_at = now()
     where p.booking_id = $2 and p.purpose = $4 and p.purpose = 'balance' and p.status = 'pending'
       and not exists (select from provider_calls c where c.payment_id = p.id)
    returning p.id),
made as (
    insert into payments (id, booking_id, provider, purpose, manual, status, amount, currency)
    select $1, b.id, $3, $4, $5, 'pending', $6::int8, b.currency from bookings b
     where b.id = $2 and not exists (select from waiting)
    returning id)
select id from waiting union all select id from made;

-- name: payment_balance
-- The rest of a stay whose deposit ($1) has been paid: due some days before arrival, at noon there.
insert into payments (id, booking_id, provider, purpose, status, amount, currency, due_at)
select uuid_v7(), b.id, d.provider, 'balance', 'pending', b.total - d.captured, b.currency,
       (b.check_in - coalesce(t.balance_days, 0) + time '12:00') at time zone p.time_zone
  from payments d join bookings b on b.id = d.booking_id join properties p on p.id = b.property_id
  left join payment_terms t on t.property_id = p.id
 where d.id = $1 and d.purpose = 'deposit' and b.total > d.captured
    on conflict do nothing;

-- name: payment_lock
-- A payment ($1) that is the user's ($2) business: as guest, as host or co-host with the permission $3, or as somebody
-- who may do so everywhere ($4). The booking is locked, then the payment.
select p.status, p.version, p.provider, p.purpose, p.amount, p.captured, p.refunding + p.refunded, p.booking_id, p.currency,
       $4 or b.host_id = $2 or exists (select from property_members m
                                        where m.property_id = b.property_id and m.user_id = $2 and $3 = any (m.permissions)),
       exists (select from provider_calls c where c.payment_id = p.id and c.what in ('capture', 'cancel')
                and c.state in ('waiting', 'under_way'))
  from payments p join bookings b on b.id = p.booking_id
 where p.id = $1
   and ($4 or $2 in (b.guest_id, b.host_id)
        or exists (select from property_members m
                    where m.property_id = b.property_id and m.user_id = $2 and $3 = any (m.permissions)))
   for no key update of b, p;

-- name: payment_record
-- $1 payment, $2 state, $3 captured, $4 reference, $5 action, $6 failure, $7 when. By how much the captured money has grown,
-- and what it was paid for.
with recorded as materialized (select payment_record($1, $2, $3::int8, $4, $5::jsonb, $6, $7::timestamptz) as grown)
select r.grown, p.booking_id, p.purpose
  from recorded r join payments p on p.id = $1;

-- name: refund_record
-- $1 payment, $2 refund or null, $3 reference, $4 amount, $5 state.
with recorded as (select refund_record($1, $2, $3, $4::int8, $5)) select from recorded;

-- name: payment_find
-- $1 id or null, $2 provider, $3 reference or null.
select id, booking_id from payments where provider = $2 and (id = $1 or provider_ref = $3) limit 1;

-- name: customer_record
-- Who the guest of a payment ($1) is at the provider ($2): $3.
insert into payment_customers (user_id, provider, provider_ref)
select b.guest_id, $2, $3 from payments p join bookings b on b.id = p.booking_id where p.id = $1
    on conflict do nothing;

-- name: customer_method
-- How the guest of a deposit ($1) has paid it at the provider ($2): $3. The balance is charged to the same.
update payment_customers c set method_ref = $3
  from payments p join bookings b on b.id = p.booking_id
 where p.id = $1 and p.purpose = 'deposit' and c.user_id = b.guest_id and c.provider = $2;

-- name: call_insert
-- $1 call, $2 payment, $3 what, $4 amount or null, $5 detail or null.
insert into provider_calls (id, provider, payment_id, what, amount, detail)
select $1, p.provider, p.id, $3, $4::int8, $5::jsonb from payments p where p.id = $2;

-- name: call_read
-- Have the payment ($1) looked at, unless that is about to happen.
insert into provider_calls (id, provider, payment_id, what)
select uuid_v7(), p.provider, p.id, 'read' from payments p
 where p.id = $1 and p.provider_ref is not null
   and not exists (select from provider_calls c where c.payment_id = p.id and c.what = 'read' and c.state = 'waiting');

-- name: call_claim
-- The next call that may be made, of one payment ($1) or of any; $2 is how long it may take (microseconds), after which it
-- counts as lost and is made again under the same key. Calls of a payment are made one after the other.
with next as (
    select c.id, c.state = 'under_way' as lost
      from provider_calls c
     where c.state in ('waiting', 'under_way') and c.next_at <= now() and ($1::uuid is null or c.payment_id = $1)
       and not exists (select from provider_calls e where e.payment_id = c.payment_id and e.seq < c.seq
                        and e.state in ('waiting', 'under_way'))
     order by c.next_at limit 1 for update skip locked),
claimed as (
    update provider_calls c
       set state = 'under_way', attempts = c.attempts + 1, next_at = now() + $2::int8 * interval '1 microsecond'
      from next where c.id = next.id
    returning c.*, next.lost)
select c.id, c.what, c.attempts, c.lost, c.provider, c.payment_id, p.booking_id, coalesce(c.refund_id, c.payment_id),
       b.guest_id, coalesce(c.amount, p.amount), p.currency, u.exponent::int4, p.provider_ref, k.provider_ref, p.manual,
       c.detail ->> 'method', c.detail ->> 'return_url', p.purpose = 'deposit', coalesce((c.detail ->> 'off_session')::bool, false),
       c.attempts >= 15 or c.created_at < now() - interval '23 hours'
  from claimed c join payments p on p.id = c.payment_id join bookings b on b.id = p.booking_id
  join currencies u on u.code = p.currency
  left join payment_customers k on k.user_id = b.guest_id and k.provider = c.provider;

-- name: call_done
-- $1 call, $2 attempt, $3 state, $4 HTTP status, $5 error, $6 not again before (microseconds). Whose time was up changes nothing.
update provider_calls
   set state = $3, http_status = $4::int4, error = left($5, 500), next_at = now() + $6::int8 * interval '1 microsecond',
       finished_at = case when $3 in ('done', 'refused', 'given_up') then now() end
 where id = $1 and attempts = $2::int4 and state = 'under_way';

-- name: event_insert
-- $1 provider, $2 event, $3 kind, $4 payload.
insert into provider_events (provider, event_id, kind, payload) values ($1, $2, left($3, 100), $4) on conflict do nothing;

-- name: event_claim
-- The next event to handle, one ($1, $2) or any.
update provider_events e
   set attempts = e.attempts + 1, next_at = now() + least(power(2, e.attempts), 3600) * interval '1 second'
 where (e.provider, e.event_id) = (select n.provider, n.event_id from provider_events n
                                    where n.handled_at is null and n.next_at <= now()
                                      and ($1::text is null or (n.provider = $1 and n.event_id = $2))
                                    order by n.next_at limit 1 for update skip locked)
returning e.provider, e.event_id, e.payload, e.attempts;

-- name: event_done
-- $1 provider, $2 event, $3 payment or null, $4 why it is not handled yet, $5 whether it is handled all the same.
update provider_events
   set handled_at = case when $4::text is null or $5::bool then now() end, error = left($4, 500), payment_id = coalesce($3, payment_id)
 where provider = $1 and event_id = $2 and handled_at is null;

-- name: event_wake
-- Something has become known of the payment ($1): events that came too early are looked at again.
update provider_events set next_at = now() where payment_id = $1 and handled_at is null;

-- name: payment_reconcile
-- Ask for the truth about payments and refunds that have been half-done for $1 microseconds. How many.
with asked as (
    insert into provider_calls (id, provider, payment_id, what)
    select uuid_v7(), p.provider, p.id, 'read' from payments p
     where p.provider <> 'offline' and p.provider_ref is not null
       and (p.status in ('pending', 'requires_action', 'authorized')
            or exists (select from refunds r where r.payment_id = p.id and r.status in ('pending', 'sent')))
       and p.updated_at < now() - $1::int8 * interval '1 microsecond'
       and not exists (select from provider_calls c where c.payment_id = p.id
                        and (c.state in ('waiting', 'under_way')
                             or (c.what = 'read' and c.created_at > now() - greatest($1::int8 * interval '1 microsecond',
                                                                                     (now() - p.updated_at) / 4))))
    returning 1)
select count(*) from asked;

-- name: refund_latest
-- The last refund of a payment ($1), in the transaction that has made it.
select id from refunds where payment_id = $1 order by id desc limit 1;

-- name: payment_balances_due
-- Charge at most $1 balances whose day has come to what their deposits were paid with. How many.
with asked as (
    insert into provider_calls (id, provider, payment_id, what, amount, detail)
    select uuid_v7(), p.provider, p.id, 'create', p.amount, jsonb_build_object('method', k.method_ref, 'off_session', true)
      from payments p join bookings b on b.id = p.booking_id
      join payment_customers k on k.user_id = b.guest_id and k.provider = p.provider
     where p.purpose = 'balance' and p.status = 'pending' and p.due_at <= nexus_now() and k.method_ref is not null
       and b.status in ('confirmed', 'checked_in')
       and not exists (select from provider_calls c where c.payment_id = p.id)
     order by p.due_at limit $1::int8 for no key update of p skip locked
    returning 1)
select count(*) from asked;

-- name: payment_securities_over
-- Give up at most $1 security holds of stays that ended $2 microseconds ago or never were. How many.
with over as materialized (
    select p.id, p.provider from payments p join bookings b on b.id = p.booking_id
     where p.purpose = 'security' and p.status in ('pending', 'requires_action', 'authorized')
       and (b.status in ('cancelled', 'declined', 'expired')
            or b.check_out + 1 < (nexus_now() - $2::int8 * interval '1 microsecond') at time zone 'UTC')
       and not exists (select from provider_calls c where c.payment_id = p.id and c.what = 'cancel')
     order by p.due_at limit $1::int8 for no key update of p skip locked),
asked as (
    insert into provider_calls (id, provider, payment_id, what)
    select uuid_v7(), provider, id, 'cancel' from over where provider <> 'offline'),
ended as (
    update payments set status = 'cancelled', version = version + 1, updated_at = now()
     where id in (select id from over where provider = 'offline'))
select count(*) from over;

-- name: payment_terms_replace
-- $1 property, $2 deposit, $3 days, $4 security or null.
insert into payment_terms (property_id, deposit_ppm, balance_days, security) values ($1, $2::int8, $3::int8, $4::int8)
    on conflict (property_id) do update set (deposit_ppm, balance_days, security, version, updated_at) =
       (excluded.deposit_ppm, excluded.balance_days, excluded.security, payment_terms.version + 1, now());

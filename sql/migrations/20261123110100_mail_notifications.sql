-- Mails that are sent, notifications, who wants to be told of what, reminders.

-- ------------------------------------------------------------------------------------------------------- mails

alter table outbox
    add column user_id   uuid,        -- whom it is for, where it is about one of `event`: it can be unsubscribed from
    add column event     text,
    add column failed_at timestamptz; -- given up: refused for good, or too late
drop index outbox_unsent_idx;
create index outbox_unsent_idx on outbox (available_at, id) where sent_at is null and failed_at is null and not withheld;

-- One job a mail; for those that are withheld, too, because writing them has to take as long.
create function outbox_mail_added() returns trigger language plpgsql as $$
begin
    perform job_add('mail-send', new.id::text, jsonb_build_object('mail', new.id));
    return null;
end $$;
create trigger outbox_mail_added after insert on outbox for each row when (new.kind = 'mail') execute function outbox_mail_added();

-- Whether the server mails are handed to is well: no row, or how often in a row it was not and until when it is left alone.
create table mail_server (
    one        boolean     constraint mail_server_pkey primary key default true constraint mail_server_one check (one),
    failures   integer     not null,
    down_until timestamptz not null
);

-- Take a mail for so long, by the clock on the wall. state: go; gone (sent, given up, never to be sent); taken (somebody else has it, or
-- had it and was killed); late (a link in it is no longer good); down (the server is left alone; of those who find that its pause is over one tries).
create function mail_claim(mail bigint, lease interval)
returns table (state text, recipient text, topic text, payload text, language text, user_id uuid, event text, created_at timestamptz)
language plpgsql as $$
#variable_conflict use_column
declare
    m outbox;
    n integer;
begin
    select failures into n from mail_server;
    if n > 0 then
        update mail_server set down_until = clock_timestamp() + lease where down_until <= clock_timestamp();
        if not found then
            return query select 'down', null::text, null::text, null::text, null::text, null::uuid, null::text, null::timestamptz;
            return;
        end if;
    end if;
    update outbox o set attempts = o.attempts + 1, available_at = clock_timestamp() + lease
     where o.id = mail and o.sent_at is null and o.failed_at is null and not o.withheld and o.available_at <= clock_timestamp()
    returning * into m;
    if m.id is null then
        return query select case when exists (select from outbox o where o.id = mail and o.sent_at is null and o.failed_at is null and not o.withheld)
                                 then 'taken' else 'gone' end, null::text, null::text, null::text, null::text, null::uuid, null::text, null::timestamptz;
        return;
    end if;
    return query select case when (m.payload->>'expires_at')::timestamptz <= now() then 'late' else 'go' end, m.recipient, m.topic,
                        m.payload::text, (select u.preferences->>'language' from users u where u.email = m.recipient), m.user_id, m.event, m.created_at;
end $$;

-- The server has it. What could be done with its links is nobody's business from here on.
create function mail_sent(mail bigint) returns void language plpgsql as $$
begin
    update outbox set sent_at = now(), last_error = null, payload = payload - 'token' - 'link' where id = mail;
    delete from mail_server;
end $$;
-- It is not to be tried again.
create function mail_given_up(mail bigint, why text) returns void language sql as $$
    update outbox set failed_at = now(), last_error = left(why, 500), payload = payload - 'token' - 'link' where id = mail;
$$;
-- It is to be tried again; `trouble`: the server itself is left alone for a while, the longer the more often.
create function mail_put_off(mail bigint, why text, trouble boolean) returns void language sql as $$
    update outbox set last_error = left(why, 500), available_at = now() where id = mail;
    insert into mail_server as s (failures, down_until) select 1, clock_timestamp() + interval '10 seconds' where trouble
        on conflict (one) do update set failures = s.failures + 1,
           down_until = clock_timestamp() + least(interval '10 seconds' * power(2, least(s.failures, 10)), interval '5 minutes');
$$;
-- Mails that were never tried, because there was no server when they were written: at most $1 of the last three days. How many.
create function mails_waiting(most bigint) returns bigint language sql as $$
    with waiting as materialized (
        select id from outbox
         where sent_at is null and failed_at is null and not withheld and kind = 'mail' and attempts = 0
           and available_at <= now() - interval '1 minute' and available_at > now() - interval '3 days'
           and not exists (select from jobs j where j.job = 'mail-send' and j.single = outbox.id::text)
         order by available_at, id limit most)
    select count(*) from (select job_add('mail-send', id::text, jsonb_build_object('mail', id)) from waiting) x
$$;

-- ----------------------------------------------------------------------------------------------- notifications

create table notifications (
    id         uuid        constraint notifications_pkey primary key default uuid_v7(),
    user_id    uuid        not null constraint notifications_user_fkey references users on delete cascade,
    event      text        not null constraint notifications_event_form check (event ~ '^[a-z_.]{1,60}$'),
    title      text        not null constraint notifications_title_length check (length(title) between 1 and 300),
    data       jsonb       not null default '{}',
    booking_id uuid        constraint notifications_booking_fkey references bookings,
    shown      boolean     not null, -- in the application; else it only waits for a digest
    digest     boolean     not null, -- waits for the next one
    read_at    timestamptz,
    created_at timestamptz not null default nexus_now()
);
create index notifications_user_idx on notifications (user_id, created_at, id) where shown;
create index notifications_unread_idx on notifications (user_id, created_at, id) where shown and read_at is null;
create index notifications_booking_idx on notifications (booking_id);
create index notifications_created_idx on notifications using brin (created_at); -- to forget them by
create index outbox_created_idx on outbox using brin (created_at);
create index notifications_digest_idx on notifications (user_id, created_at) where digest;

-- What differs from src/notify/events.def.
create table notification_preferences (
    user_id    uuid        constraint notification_preferences_user_fkey references users on delete cascade,
    event      text        constraint notification_preferences_event_form check (event ~ '^[a-z_.]{1,60}$'),
    mail       text        constraint notification_preferences_mail_known check (mail in ('now', 'daily', 'off')),
    app        boolean,
    updated_at timestamptz not null default now(),
    constraint notification_preferences_pkey primary key (user_id, event)
);

create table notification_digests (
    user_id uuid constraint notification_digests_pkey primary key constraint notification_digests_user_fkey references users on delete cascade,
    last_on date not null -- by the user's own calendar
);

-- Tell whom it concerns of an event, once the writer has committed; what is said is put together by the job.
-- In plpgsql, which keeps the plan of the call: bookings pay for it.
create function notify_add(event text, subject uuid) returns void language plpgsql as $$
begin
    perform job_add('notify', subject::text, jsonb_build_object('event', event, 'subject', subject));
end $$;

-- Those with a query of their own are in plpgsql, which keeps its plan: jobs ask for each notice.
create function money_text(amount bigint, code text) returns text language plpgsql stable as $$
begin
    return (
        select rtrim(to_char(amount / power(10::numeric, c.exponent), 'FM9999999999999990.' || repeat('0', c.exponent)), '.')
               || ' ' || c.code
          from currencies c where c.code = money_text.code);
end $$;
create function instant_text(at timestamptz) returns text language sql stable as $$
    select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;

-- What mails say of a stay; all texts.
create function notification_stay(booking uuid) returns jsonb language plpgsql stable as $$
begin
    return (
        select jsonb_strip_nulls(jsonb_build_object(
                   'booking_id', b.id, 'property', p.title, 'city', p.city, 'address', nullif(p.address, ''), 'guest_name', g.name,
                   'host_name', h.name, 'check_in', b.check_in::text, 'check_out', b.check_out::text,
                   'check_in_time', to_char(b.check_in_at at time zone p.time_zone, 'HH24:MI'),
                   'check_out_time', to_char(b.check_out_at at time zone p.time_zone, 'HH24:MI'),
                   'nights', (b.check_out - b.check_in)::text, 'guests', b.guests::text, 'total', money_text(b.total, b.currency),
                   'refund', case when b.refund > 0 then money_text(b.refund, b.currency) end, 'respond_by', instant_text(b.respond_by)))
          from bookings b join properties p on p.id = b.property_id join users g on g.id = b.guest_id join users h on h.id = b.host_id
         where b.id = booking);
end $$;

-- What an event is about, by the kind of its subject, and whom it is for when it is not for both: "only". Null: it is no more.
create function notification_facts(event text, subject uuid) returns jsonb language plpgsql stable as $$
begin
    if event like 'payment.%' or event in ('reminder.balance_due', 'reminder.payment_waiting') then
        return (select notification_stay(p.booking_id) || jsonb_build_object(
                           'amount', money_text(case when p.status = 'captured' then p.captured else p.amount end, p.currency),
                           'due_on', (p.due_at at time zone x.time_zone)::date::text)
                  from payments p join bookings b on b.id = p.booking_id join properties x on x.id = b.property_id
                 where p.id = subject);
    elsif event like 'refund.%' then
        return (select notification_stay(r.booking_id) || jsonb_build_object('amount', money_text(r.amount, r.currency))
                  from refunds r where r.id = subject);
    elsif event like 'payout.%' then
        return (select jsonb_build_object('payout_id', o.id, 'payee', o.payee_id, 'amount', money_text(o.amount, o.currency))
                  from payouts o where o.id = subject);
    elsif event like 'booking.change%' then
        return (select notification_stay(c.booking_id) || jsonb_strip_nulls(jsonb_build_object(
                           'new_check_in', q.check_in::text, 'new_check_out', q.check_out::text, 'new_guests', q.guests::text,
                           'new_total', money_text(q.total, q.currency), 'respond_by', instant_text(c.respond_by),
                           'only', case when event = 'booking.change_requested'
                                        then case c.requested_by when 'guest' then 'host' else 'guest' end
                                        when event = 'booking.change_declined' then c.requested_by end))
                  from booking_changes c join quotes q on q.id = c.quote_id where c.id = subject);
    elsif event = 'review.received' then
        return (select notification_stay(r.booking_id) || jsonb_strip_nulls(jsonb_build_object('rating', r.rating::text))
                  from reviews r where r.id = subject);
    elsif event like 'calendar.%' then
        return calendar_notice_facts(event, subject);
    end if;
    return notification_stay(subject);
end $$;

-- Whom an event is for, each with what to say and what they want. `base`: where the pages of the front-end are. Addresses that nobody
-- has proved to read, and accounts that are not in use, get no mail.
create function notification_people(told text, subject uuid, roles text[], base text)
returns table (user_id uuid, role text, email text, language text, payload text, mail text, app boolean, booking_id uuid)
language sql stable as $$
    with facts as materialized (select notification_facts(told, subject) as f),
    people as (
        select b.guest_id as id, 'guest' as role from facts, bookings b where b.id = (f->>'booking_id')::uuid
        union
        select b.host_id, 'host' from facts, bookings b where b.id = (f->>'booking_id')::uuid
        union
        select m.user_id, 'host' from facts, bookings b join property_members m on m.property_id = b.property_id
         where b.id = (f->>'booking_id')::uuid and 'booking.read' = any (m.permissions)
        union
        select p.host_id, 'host' from facts, properties p where p.id = (f->>'property_id')::uuid
        union
        select m.user_id, 'host' from facts, property_members m
         where m.property_id = (f->>'property_id')::uuid and 'calendar.write' = any (m.permissions)
        union
        select (f->>'payee')::uuid, 'host' from facts where f ? 'payee')
    select u.id, x.role, case when u.email_verified_at is not null and u.status = 'active' then u.email end, u.preferences->>'language',
           ((f - 'only' - 'payee') || jsonb_build_object(x.role || '_name', u.name,
               'link', base || case when f ? 'booking_id' then '/bookings/' || (f->>'booking_id')
                                    when f ? 'property_id' then '/properties/' || (f->>'property_id') || '/calendar'
                                    else '/payouts/' || (f->>'payout_id') end))::text,
           r.mail, r.app, (f->>'booking_id')::uuid
      from facts, people x join users u on u.id = x.id left join notification_preferences r on r.user_id = u.id and r.event = told
     where x.role = any (roles) and x.role = coalesce(f->>'only', x.role)
$$;

-- ------------------------------------------------------------------------------------------------------ events

create function bookings_notify() returns trigger language plpgsql as $$
begin
    perform notify_add('booking.' || new.status, new.id);
    return null;
end $$;
create trigger bookings_notify_new after insert on bookings
    for each row when (new.status in ('confirmed', 'requested')) execute function bookings_notify();
create trigger bookings_notify after update of status on bookings
    for each row when (old.status <> new.status and (new.status in ('confirmed', 'declined', 'no_show')
                                                     or new.status in ('cancelled', 'expired') and old.status <> 'held'))
    execute function bookings_notify();

create function booking_changes_notify() returns trigger language plpgsql as $$
begin
    perform notify_add(case new.status when 'open' then 'booking.change_requested' when 'accepted' then 'booking.changed'
                                       else 'booking.change_declined' end, new.id);
    return null;
end $$;
create trigger booking_changes_notify_new after insert on booking_changes
    for each row when (new.status = 'open') execute function booking_changes_notify();
create trigger booking_changes_notify after update of status on booking_changes
    for each row when (old.status <> new.status and new.status in ('accepted', 'declined')) execute function booking_changes_notify();

-- What is paid offline while booking is part of the booking.
create function payments_notify() returns trigger language plpgsql as $$
begin
    perform notify_add(case when new.status = 'failed' then 'payment.failed' else 'payment.received' end, new.id);
    return null;
end $$;
create trigger payments_notify_new after insert on payments
    for each row when (new.captured > 0 and new.provider <> 'offline' and new.purpose <> 'security') execute function payments_notify();
create trigger payments_notify after update of captured, status on payments
    for each row when (new.purpose <> 'security' and (new.captured > old.captured or new.status = 'failed' and old.status <> 'failed'))
    execute function payments_notify();

create function refunds_notify() returns trigger language plpgsql as $$
begin
    perform notify_add('refund.done', new.id);
    return null;
end $$;
create trigger refunds_notify_new after insert on refunds for each row when (new.status = 'done') execute function refunds_notify();
create trigger refunds_notify after update of status on refunds
    for each row when (new.status = 'done' and old.status <> 'done') execute function refunds_notify();

create function payouts_notify() returns trigger language plpgsql as $$
begin
    perform notify_add('payout.paid', new.id);
    return null;
end $$;
create trigger payouts_notify_new after insert on payouts for each row when (new.status = 'paid') execute function payouts_notify();
create trigger payouts_notify after update of status on payouts
    for each row when (new.status = 'paid' and old.status <> 'paid') execute function payouts_notify();

create function reviews_notify() returns trigger language plpgsql as $$
begin
    perform notify_add('review.received', new.id);
    return null;
end $$;
create trigger reviews_notify after insert on reviews for each row when (new.booking_id is not null) execute function reviews_notify();

-- --------------------------------------------------------------------------------------------------- reminders

create index bookings_check_in_timer_idx on bookings (check_in_at) where status = 'confirmed';
create index bookings_over_idx on bookings (check_out_at) where status = 'completed';

-- What has been said already: on that day, or about a stay with that date.
create table reminders (
    event   text,
    subject uuid,
    day     date,
    constraint reminders_pkey primary key (event, subject, day)
);
create index reminders_day_idx on reminders (day);

-- What is due now, in business time and by the clock of the place. Whoever has booked since a reminder would have been due gets none.
create view reminders_due as
    select 'reminder.check_in' as event, b.id as subject, b.check_in as day
      from bookings b
     where b.status = 'confirmed' and b.check_in_at > nexus_now() and b.check_in_at <= nexus_now() + interval '2 days'
       and b.confirmed_at < b.check_in_at - interval '2 days'
    union all
    select 'reminder.check_out', b.id, b.check_out
      from bookings b
     where b.status in ('confirmed', 'checked_in') and b.check_out_at > nexus_now() and b.check_out_at <= nexus_now() + interval '1 day'
       and b.check_in_at < b.check_out_at - interval '1 day' and b.check_in_at <= nexus_now()
    union all
    select 'review.asked', b.id, b.check_out
      from bookings b
     where b.status = 'completed' and b.check_out_at <= nexus_now() - interval '1 day' and b.check_out_at > nexus_now() - interval '3 days'
       and not exists (select from reviews r where r.booking_id = b.id)
    union all
    select 'reminder.balance_due', p.id, p.due_at::date
      from payments p join bookings b on b.id = p.booking_id
     where p.purpose = 'balance' and p.status in ('pending', 'requires_action', 'authorized') and p.due_at > nexus_now()
       and p.due_at <= nexus_now() + interval '3 days' and b.status in ('confirmed', 'checked_in')
    union all
    select 'reminder.request_waiting', b.id, m.day
      from bookings b join properties x on x.id = b.property_id
           cross join lateral (select (nexus_now() at time zone x.time_zone)::date as day) m
     where b.status in ('held', 'requested') and b.status = 'requested' and b.respond_by > nexus_now()
       and b.created_at > nexus_now() - interval '7 days' and nexus_now() >= (m.day + time '08:00') at time zone x.time_zone
       and b.created_at < (m.day + time '08:00') at time zone x.time_zone
    union all
    select 'reminder.payment_waiting', p.id, m.day
      from payments p join bookings b on b.id = p.booking_id join properties x on x.id = b.property_id
           cross join lateral (select (nexus_now() at time zone x.time_zone)::date as day) m
     where p.status in ('pending', 'requires_action', 'authorized') and p.status <> 'authorized' and p.purpose <> 'security'
       and p.due_at <= nexus_now() and b.status = 'confirmed'
       and b.created_at > nexus_now() - interval '7 days' and nexus_now() >= (m.day + time '08:00') at time zone x.time_zone
       and b.created_at < (m.day + time '08:00') at time zone x.time_zone;

-- Say what is due; how many. What was said two months ago is forgotten.
create function reminders_add(most bigint) returns bigint language plpgsql as $$
declare
    r record;
    n bigint := 0;
begin
    for r in insert into reminders (event, subject, day)
             select d.event, d.subject, d.day from reminders_due d
              where not exists (select from reminders s where (s.event, s.subject, s.day) = (d.event, d.subject, d.day)) limit most
             on conflict do nothing returning reminders.event, reminders.subject
    loop
        perform notify_add(r.event, r.subject);
        n := n + 1;
    end loop;
    delete from reminders s where (s.event, s.subject, s.day) in
        (select o.event, o.subject, o.day from reminders o where o.day < nexus_now()::date - 60 limit most);
    return n;
end $$;

-- Daily mails to at most so many users whose morning it is, with what was not said yet; how many.
create function digests_add(most bigint, base text) returns bigint language plpgsql as $$
declare
    u record;
    n bigint := 0;
begin
    for u in select w.id, w.email, w.name, w.status, w.email_verified_at, m.today
               from (select distinct user_id from notifications where digest) d join users w on w.id = d.user_id
                    cross join lateral (select nexus_now() at time zone coalesce(w.preferences->>'time_zone', 'UTC') as clock) c
                    cross join lateral (select c.clock::date as today) m
              where c.clock::time >= '08:00'
                and not exists (select from notification_digests g where g.user_id = w.id and g.last_on >= m.today)
              order by w.id limit most for no key update of w skip locked
    loop
        insert into notification_digests (user_id, last_on) values (u.id, u.today)
            on conflict (user_id) do update set last_on = excluded.last_on;
        with told as (update notifications set digest = false where user_id = u.id and digest returning title, created_at, id)
        insert into outbox (kind, topic, recipient, payload, user_id, event)
        select 'mail', 'notification.digest', u.email,
               jsonb_build_object('name', u.name, 'link', base || '/notifications',
                                  'items', jsonb_agg(jsonb_build_object('title', t.title, 'at', t.created_at::date::text) order by t.created_at, t.id)),
               u.id, 'notification.digest'
          from told t where u.email_verified_at is not null and u.status = 'active' having count(*) > 0;
        n := n + 1;
    end loop;
    return n;
end $$;

-- Forget at most so many of each: notifications after a year, mails after 90 days, unless they still wait. How many.
create function notifications_prune(most bigint) returns bigint language sql as $$
    with told as (delete from notifications where id in (select id from notifications where created_at < nexus_now() - interval '1 year' limit most)
                  returning 1),
    mails as (delete from outbox where id in (select id from outbox where created_at < nexus_now() - interval '90 days' and kind = 'mail'
                                                 and (sent_at is not null or failed_at is not null) limit most)
              returning 1)
    select (select count(*) from told) + (select count(*) from mails)
$$;

grant select, insert, update, delete on mail_server, notifications, notification_preferences, notification_digests, reminders to nexus_api;
grant select on reminders_due to nexus_api;

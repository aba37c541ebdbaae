-- Statements of src/notify.

-- name: mail_claim
-- $1 number, $2 microseconds.
select state, recipient, topic, payload, coalesce(language, ''), user_id, event, created_at
  from mail_claim($1::int8, $2::int8 * interval '1 microsecond');

-- name: mail_sent
select mail_sent($1::int8);

-- name: mail_given_up
select mail_given_up($1::int8, $2);

-- name: mail_put_off
select mail_put_off($1::int8, $2, $3::boolean);

-- name: mails_waiting
select mails_waiting($1::int8);

-- name: notification_people
-- $1 event, $2 subject, $3 roles, $4 base of links.
select user_id, role, email, coalesce(language, ''), payload, mail, app, booking_id
  from notification_people($1, $2::uuid, $3::text[], $4);

-- name: notification_add
-- $1 user, $2 event, $3 title, $4 data, $5 booking, $6 shown, $7 waits for a digest.
insert into notifications (user_id, event, title, data, booking_id, shown, digest)
values ($1::uuid, $2, $3, $4::text::jsonb - 'link' - 'booking_id', $5::uuid, $6::boolean, $7::boolean);

-- name: notification_mail
-- $1 topic, $2 address, $3 payload, $4 user, $5 event.
insert into outbox (kind, topic, recipient, payload, user_id, event) values ('mail', $1, $2, $3::text::jsonb, $4::uuid, $5);

-- name: reminders_add
select reminders_add($1::int8);

-- name: digests_add
select digests_add($1::int8, $2);

-- name: notifications_prune
select notifications_prune($1::int8);

-- name: notification_mark
-- $1 notification, $2 user, $3 whether it is read.
update notifications set read_at = case when $3::boolean then coalesce(read_at, now()) end
 where id = $1::uuid and user_id = $2::uuid and shown returning 1;

-- name: notification_mark_all
-- $1 user, $2 the latest one that was seen; null: all.
with marked as (
    update notifications n set read_at = now()
     where n.user_id = $1::uuid and n.shown and n.read_at is null
       and ($2::uuid is null or (n.created_at, n.id) <= (select l.created_at, l.id from notifications l where l.id = $2::uuid and l.user_id = $1::uuid))
    returning 1)
select count(*) from marked;

-- name: notification_count
-- Unread ones of $1, counted up to 1000.
select count(*) from (select from notifications where user_id = $1::uuid and shown and read_at is null limit 1000) x;

-- name: notification_preferences
select event, mail, app from notification_preferences where user_id = $1::uuid;

-- name: notification_prefer
-- $1 user, $2 events, $3 mail ('' as it is), $4 app (null as it is), by place.
insert into notification_preferences as p (user_id, event, mail, app)
select $1::uuid, x.event, nullif(x.mail, ''), case x.app when 'yes' then true when 'no' then false end
  from unnest($2::text[], $3::text[], $4::text[]) x(event, mail, app)
    on conflict (user_id, event) do update set mail = coalesce(excluded.mail, p.mail), app = coalesce(excluded.app, p.app), updated_at = now();

-- name: notification_unsubscribe
-- No more mails about $2 to $1; 'notification.digest': none a day, whatever they are about.
insert into notification_preferences as p (user_id, event, mail)
select u.id, $2, 'off' from users u where u.id = $1::uuid and $2 <> 'notification.digest'
union all
select d.user_id, d.event, 'off' from notification_preferences d where d.user_id = $1::uuid and d.mail = 'daily' and $2 = 'notification.digest'
    on conflict (user_id, event) do update set mail = 'off', updated_at = now();

-- Accounts: users, their credentials and roles.

-- name: account_create
-- A user with credentials and roles: id, e-mail (lower case), name, password hash, role names.
with made as (
    insert into users (id, email, name) values ($1, $2, $3) returning id
), secret as (
    insert into user_credentials (user_id, password_hash) select id, $4 from made
)
insert into user_roles (user_id, role_name) select made.id, role from made, unnest($5::text[]) role;

-- name: account_login
-- What a log-in needs: e-mail (lower case) or null, id or null -> id, password hash, whether active, secret of the second
-- factor or null, last step used of it, e-mail, whether that is verified, when the password was set.
select u.id, c.password_hash, u.status = 'active', t.secret, coalesce(t.last_step, 0), u.email, u.email_verified_at is not null,
       c.changed_at
  from users u
  join user_credentials c on c.user_id = u.id
  left join user_totp t on t.user_id = u.id and t.confirmed_at is not null
 where u.email = $1 or u.id = $2;

-- name: account_rehash
-- The same password at another cost, unless it was changed meanwhile: user, hash as it was, new hash.
update user_credentials set password_hash = $3 where user_id = $1 and password_hash = $2;

-- name: account_sign_up
-- Sign up: id, e-mail (lower case), name, password hash, roles, token, its lifetime in microseconds, payloads of the two
-- mails; entry of the audit log: id, request id, address of the client. Answers when it was, the same for a known address.
with done as materialized (
    select account_sign_up($1, $2, $3, $4, $5, $6, $7::int8 * interval '1 microsecond', $8::text::jsonb, $9::text::jsonb,
                           $10, $11, $12::text::inet) as created_at)
select created_at from done;

-- name: account_update
-- Change an account when its version is among the acceptable: id, whether anything changes, versions or null; name, about,
-- languages or null for as they are; photo URL and phone likewise, '' for none; preferences to put over the old ones, where
-- null removes. A row when it did.
update users
   set name = coalesce($4, name),
       about = coalesce($5, about),
       languages = coalesce($6, languages),
       photo_url = nullif(coalesce($7, photo_url), ''),
       phone = nullif(coalesce($8, phone), ''),
       preferences = jsonb_strip_nulls(preferences || coalesce($9::text::jsonb, '{}')),
       version = version + $2::boolean::integer,
       updated_at = case when $2 then now() else updated_at end
 where id = $1 and ($3::int8[] is null or version = any($3))
returning version;

-- name: account_contact
-- An active account: its address, name, password hash or null.
select u.email, u.name, c.password_hash
  from users u left join user_credentials c on c.user_id = u.id
 where u.id = $1 and u.status = 'active';

-- name: account_change_password
-- Replace a password hash ($2) by another ($3), unless it has been replaced already. The links that were mailed are no
-- longer good: user. A row when it did.
with changed as (
    update user_credentials set password_hash = $3, changed_at = now()
     where user_id = $1 and password_hash = $2
    returning user_id
), links as (
    delete from mailed_tokens using changed
     where mailed_tokens.user_id = changed.user_id and purpose <> 'verify_email'
)
select user_id from changed;

-- ---- mailed tokens

-- name: mailed_tokens_sweep
-- Remove a few that nobody can use any more, and mails that were never to be sent.
with tokens as (
    delete from mailed_tokens where hash in
        (select hash from mailed_tokens where expires_at < now() order by expires_at limit 10 for update skip locked))
delete from outbox where id in
    (select id from outbox where withheld and created_at < now() - interval '1 minute'
      order by created_at limit 10 for update skip locked);

-- name: mailed_token_request
-- Mail a token to an address: hash, purpose, address, lifetime in microseconds, topic, payload, whether only an address not
-- yet verified. For an address nobody has the same is written, and never sent: so both take the same time. Nor is more sent
-- than anybody wants.
with holder as materialized (
    select id from users
     where email = $3 and status = 'active' and (not $7::boolean or email_verified_at is null)
), token as (
    insert into mailed_tokens (hash, user_id, purpose, email, expires_at)
    values ($1, (select id from holder), $2, $3, now() + $4::int8 * interval '1 microsecond')
)
insert into outbox (kind, topic, recipient, payload, withheld)
values ('mail', $5, $3, $6::text::jsonb, not (mail_allowed($3, $5) and exists (select from holder)));

-- name: mailed_token_holder
-- Whose token it is, as long as it is good: hash, purpose -> user, address, name.
select u.id, u.email, u.name
  from mailed_tokens t join users u on u.id = t.user_id
 where t.hash = $1 and t.purpose = $2 and t.used_at is null and t.expires_at > now()
   and u.status = 'active' and u.email = t.email;

-- name: account_verify_email
-- Use a token (hash) that verifies the address it was sent to. A row when it was good.
with used as (
    update mailed_tokens t set used_at = now()
      from users u
     where t.hash = $1 and t.purpose = 'verify_email' and t.used_at is null and t.expires_at > now()
       and u.id = t.user_id and u.status = 'active' and u.email = t.email
    returning t.user_id
), others as (
    delete from mailed_tokens t using used
     where t.user_id = used.user_id and t.purpose = 'verify_email' and t.hash <> $1
), verified as (
    update users u set email_verified_at = now(), version = version + 1, updated_at = now()
      from used
     where u.id = used.user_id and u.email_verified_at is null
)
select user_id from used;

-- name: account_reset_password
-- Use a token (hash) to replace a password by its new hash, or to set the first one of an account that has only signed in
-- with another provider. Whoever reads the mail has the address, and links mailed before
-- are no longer good. A row when the token was good.
with used as (
    update mailed_tokens t set used_at = now()
      from users u
     where t.hash = $1 and t.purpose = 'reset_password' and t.used_at is null and t.expires_at > now()
       and u.id = t.user_id and u.status = 'active' and u.email = t.email
    returning t.user_id
), others as (
    delete from mailed_tokens t using used where t.user_id = used.user_id and t.hash <> $1
), changed as (
    insert into user_credentials (user_id, password_hash) select user_id, $2 from used
    on conflict (user_id) do update set password_hash = excluded.password_hash, changed_at = now()
), verified as (
    update users u set email_verified_at = now(), version = version + 1, updated_at = now()
      from used
     where u.id = used.user_id and u.email_verified_at is null
)
select user_id from used;

-- ---- another address

-- name: account_lock
-- Keep an account as it is until the transaction ends: no booking of it or with it is made meanwhile. A row when it is
-- active.
select status from users where id = $1 and status = 'active' for update;

-- name: account_email_start
-- Mail the two tokens that confirm another address; earlier ones are void: user, new address, lifetime in microseconds;
-- hash and payload of the token for the old address, the same for the new one, payload for a new address that has an
-- account already, which is asked nothing.
with void as (
    delete from mailed_tokens where user_id = $1 and purpose in ('change_email_old', 'change_email_new')
), taken as materialized (
    select exists (select from users where email = $2) as taken
), tokens as (
    insert into mailed_tokens (hash, user_id, purpose, email, expires_at)
    values ($4, $1, 'change_email_old', $2, now() + $3::int8 * interval '1 microsecond'),
           ($6, $1, 'change_email_new', $2, now() + $3::int8 * interval '1 microsecond')
)
insert into outbox (kind, topic, recipient, payload, withheld)
select 'mail', 'account.change_email_old', u.email, $5::text::jsonb, false from users u where u.id = $1
union all
select 'mail', case when taken then 'account.exists' else 'account.change_email_new' end, $2,
       case when taken then $8::text::jsonb else $7::text::jsonb end,
       not mail_allowed($2, case when taken then 'account.exists' else 'account.change_email_new' end)
  from taken;

-- name: account_email_lock
-- The account a confirmation (hash) belongs to, so that two confirmations at once see each other.
select u.id from users u join mailed_tokens t on t.user_id = u.id
 where t.hash = $1 and t.purpose in ('change_email_old', 'change_email_new') and u.status = 'active'
   for no key update of u;

-- name: account_email_confirm
-- Use a token (hash) that confirms another address -> user, old and new address, name, whether both sides have confirmed.
with used as (
    update mailed_tokens t set used_at = now()
      from users u
     where t.hash = $1 and t.purpose in ('change_email_old', 'change_email_new') and t.used_at is null
       and t.expires_at > now() and u.id = t.user_id and u.status = 'active'
    returning t.user_id, u.email as old, t.email as new, u.name
)
select used.*, exists (select from mailed_tokens o
                        where o.user_id = used.user_id and o.purpose in ('change_email_old', 'change_email_new')
                          and o.hash <> $1 and o.email = used.new and o.used_at is not null)
  from used;

-- name: account_email_change
-- Give an account its new, confirmed address; links mailed to the old one are void.
with void as (
    delete from mailed_tokens where user_id = $1
)
update users set email = $2, email_verified_at = now(), version = version + 1, updated_at = now() where id = $1;

-- ---- the end

-- name: account_upcoming
-- Stays that are going on or to come, as guest and as host: user.
select count(*) filter (where b.guest_id = $1), count(*) filter (where b.host_id = $1)
  from bookings b join properties p on p.id = b.property_id
 where $1 in (b.guest_id, b.host_id) and b.status = 'confirmed' and b.check_out > (now() at time zone p.time_zone)::date;

-- name: account_withdraw
-- Make drafts of what an account offers, ahead of account_lock: both this and a booking then take the search index before
-- the account.
update properties set status = 'draft', version = version + 1, updated_at = now()
 where host_id = $1 and status = 'published';

-- name: account_deactivate
-- Close an account; what was mailed to it is void.
with void as (
    delete from mailed_tokens where user_id = $1
)
update users set status = 'deactivated', version = version + 1, updated_at = now() where id = $1;

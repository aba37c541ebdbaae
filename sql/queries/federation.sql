-- Sign-in with accounts of OpenID providers.

-- name: login_attempt_add
-- An attempt: hash, provider, hash of the browser's cookie or null, user or null, transaction or null, lifetime in
-- microseconds. Forgets some that are over.
with over as (
    delete from login_attempts where hash in
        (select hash from login_attempts where expires_at < now() order by expires_at limit 10 for update skip locked)
)
insert into login_attempts (hash, provider, browser, user_id, transaction, expires_at)
values ($1, $2, $3, $4, $5, now() + $6 * interval '1 microsecond');

-- name: login_attempt_take
-- Use an attempt up: hash, provider, hash of the browser's cookie or null -> user, transaction. No row: there is none.
delete from login_attempts
 where hash = $1 and provider = $2 and browser is not distinct from $3 and expires_at > now()
returning user_id, transaction;

-- name: identity_find
-- What is known of somebody: issuer, subject, verified address or null -> user of this identity, user of this address, address of
-- the first.
select i.user_id, (select u.id from users u where u.email = $3), (select u.email from users u where u.id = i.user_id)
  from (select (select user_id from user_identities where issuer = $1 and subject = $2) as user_id) i;

-- name: identity_email
-- The address of an account: user.
select email from users where id = $1;

-- name: identity_add
-- Link: id, issuer, subject, user, provider, address at the provider or null.
insert into user_identities (id, issuer, subject, user_id, provider, email) values ($1, $2, $3, $4, $5, $6);

-- name: identity_used
-- It was signed in with: issuer, subject, address at the provider or null.
update user_identities set used_at = now(), email = coalesce($3, email) where issuer = $1 and subject = $2;

-- name: identity_account
-- An account without a password, whose address a provider has verified: id, e-mail (lower case), name, role names.
with made as (
    insert into users (id, email, name, email_verified_at) values ($1, $2, $3, now()) returning id
)
insert into user_roles (user_id, role_name) select made.id, role from made, unnest($4::text[]) role;

-- name: identity_remove
-- Unlink, unless it is the last way to log in: id, user. A row when it was.
delete from user_identities i
 where i.id = $1 and i.user_id = $2
   and (exists (select from user_credentials c where c.user_id = $2)
        or exists (select from user_identities o where o.user_id = $2 and o.id <> $1))
returning i.id;

-- name: identity_exists
-- Whether it is still there: id, user.
select exists (select from user_identities where id = $1 and user_id = $2);

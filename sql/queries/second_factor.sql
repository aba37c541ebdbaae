-- Second factors: secrets of authenticator apps, recovery codes.

-- name: second_factor_find
-- A user's confirmed second factor: user -> secret, last step used.
select secret, last_step from user_totp where user_id = $1 and confirmed_at is not null;

-- name: totp_use
-- A step is good once, whoever races for it: user, step. A row when it was.
update user_totp set last_step = $2 where user_id = $1 and confirmed_at is not null and last_step < $2 returning last_step;

-- name: recovery_code_use
-- A recovery code is good once: user, hash. A row when it was.
update recovery_codes set used_at = now() where user_id = $1 and hash = $2 and used_at is null returning 1;

-- name: totp_begin
-- A new secret to be confirmed: user, secret. No row: the user has a confirmed one.
insert into user_totp as t (user_id, secret) values ($1, $2)
on conflict (user_id) do update set secret = excluded.secret, last_step = 0, created_at = now() where t.confirmed_at is null
returning 1;

-- name: totp_pending
-- The secret to be confirmed: user -> secret.
select secret from user_totp where user_id = $1 and confirmed_at is null;

-- name: totp_confirm
-- Confirm: user, secret as it is stored, step of the code. No row: it is no longer the one to be confirmed.
update user_totp set confirmed_at = now(), last_step = $3
 where user_id = $1 and confirmed_at is null and secret = $2
returning 1;

-- name: recovery_codes_replace
-- A new set: user, hashes.
with old as (
    delete from recovery_codes where user_id = $1
)
insert into recovery_codes (user_id, hash) select $1, unnest($2::bytea[]);

-- name: totp_delete
-- Remove a user's second factor and its recovery codes: user. A row when there was a confirmed one.
with codes as (
    delete from recovery_codes where user_id = $1
), gone as (
    delete from user_totp where user_id = $1 returning confirmed_at
)
select 1 from gone where confirmed_at is not null;

-- name: second_factor_state
-- What there is: user -> whether a second factor is confirmed, recovery codes left.
select exists(select from user_totp where user_id = $1 and confirmed_at is not null),
       (select count(*) from recovery_codes where user_id = $1 and used_at is null);

-- name: second_factor_lock
-- A confirmed second factor, which nobody removes before this transaction ends: user. A row when there is one.
select 1 from user_totp where user_id = $1 and confirmed_at is not null for update;

-- Identity: what an account is beyond its name, sessions and their refresh tokens, second factors, mailed tokens, the
-- outbox. Tokens and codes are stored as SHA-256 only.

-- ------------------------------------------------------------------------------------------------ accounts

alter table users
    add column status            text        not null default 'active' constraint users_status_known
                                             check (status in ('active', 'suspended', 'deactivated')),
    add column email_verified_at timestamptz,
    add column phone             text        constraint users_phone_form check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    add column photo_url         text        constraint users_photo_url_length check (length(photo_url) between 1 and 2000),
    add column about             text        not null default '' constraint users_about_length check (length(about) <= 2000),
    add column languages         text[]      not null default '{}' constraint users_languages_count check (cardinality(languages) <= 20),
    add column preferences       jsonb       not null default '{}' constraint users_preferences_form
                                             check (jsonb_typeof(preferences) = 'object' and length(preferences::text) <= 8192);

-- Single use, mailed: proof that whoever holds one reads the address.
create table mailed_tokens (
    hash       bytea       constraint mailed_tokens_pkey primary key constraint mailed_tokens_hash_size check (length(hash) = 32),
    user_id    uuid,       -- null: the address belongs to nobody; what is written then must not differ
    purpose    text        not null constraint mailed_tokens_purpose_known check (purpose in
                           ('verify_email', 'reset_password', 'change_email_old', 'change_email_new')),
    email      text        not null, -- the address it was sent to, or the new one that is to be confirmed
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at    timestamptz
);
create index mailed_tokens_user_idx on mailed_tokens (user_id, purpose);
create index mailed_tokens_expires_at_idx on mailed_tokens (expires_at);

-- RFC 6238. The secret is encrypted with a key derived from secret_file; a step once used is never accepted again.
create table user_totp (
    user_id      uuid        constraint user_totp_pkey primary key constraint user_totp_user_fkey references users on delete cascade,
    secret       bytea       not null,
    confirmed_at timestamptz,
    last_step    bigint      not null default 0,
    created_at   timestamptz not null default now()
);
create table recovery_codes (
    user_id uuid  constraint recovery_codes_user_fkey references users on delete cascade,
    hash    bytea constraint recovery_codes_hash_size check (length(hash) = 32),
    used_at timestamptz,
    constraint recovery_codes_pkey primary key (user_id, hash)
);

-- ------------------------------------------------------------------------------------------------ sessions

-- One log-in of one user by one client, and the family of its refresh tokens. A family is one row however often it is
-- refreshed: the head, which is the one good token, and the one before it. Who races for the head races for the row, so
-- there is one head by construction. Older tokens carry a MAC and the session's id and need no row to be known again.
-- The successor of a token is HMAC(secret_file, salt || token), so that a client whose answer was lost is given the same
-- one again although only its hash is stored.
create table sessions (
    id               uuid        constraint sessions_pkey primary key,
    user_id          uuid        not null constraint sessions_user_fkey references users on delete cascade,
    client_id        uuid,       -- null: the product's own front-ends
    kind             text        not null constraint sessions_kind_known check (kind in ('direct', 'oauth', 'browser', 'acting')),
    actor_id         uuid        constraint sessions_actor_fkey references users, -- who acts as the user
    methods          text[]      not null default '{}', -- RFC 8176: pwd, otp, ...
    scopes           text[],     -- null: everything the user may
    audience         text,       -- null: token_audience
    authenticated_at timestamptz not null default now(),
    created_at       timestamptz not null default now(),
    used_at          timestamptz not null default now(),
    expires_at       timestamptz not null, -- whatever happens
    idle_seconds     integer     not null constraint sessions_idle_positive check (idle_seconds > 0),
    ended_at         timestamptz,
    end_reason       text        constraint sessions_end_reason_known check (end_reason in
                                 ('logout', 'revoked', 'reuse', 'password', 'suspended', 'deactivated', 'limit')),
    network          inet,       -- of the last use, without the part that tells hosts apart
    user_agent       text        constraint sessions_user_agent_length check (length(user_agent) <= 256),
    head             bytea       constraint sessions_head_size check (length(head) = 32), -- null: no refresh tokens
    previous         bytea       constraint sessions_previous_size check (length(previous) = 32),
    salt             bytea,      -- what head was made from previous with
    rotated_at       timestamptz,
    constraint sessions_end_complete check ((ended_at is null) = (end_reason is null)),
    constraint sessions_actor_kind check ((kind = 'acting') = (actor_id is not null)),
    constraint sessions_previous_complete check ((previous is null) = (salt is null) and (previous is null) = (rotated_at is null))
) with (fillfactor = 80); -- a refresh changes no indexed column: room for the new row on the same page spares the indexes
create index sessions_user_idx on sessions (user_id, created_at desc, id desc) where ended_at is null;
create index sessions_expires_at_idx on sessions (expires_at);
create index sessions_ended_at_idx on sessions (ended_at) where ended_at is not null;

-- Whoever begins a session was found good a moment ago. What has changed since, or is about to: a suspension and a new password
-- lock the account's row before they end its sessions, so one of the two waits for the other and sees what it did.
create function session_admit(who uuid, password_of timestamptz, parent uuid) returns void language plpgsql as $$
begin
    perform from users where id = who and status = 'active' for share;
    if not found then
        raise exception 'the account is not active' using errcode = '23514', constraint = 'sessions_user_active';
    end if;
    if password_of is not null then
        perform from user_credentials where user_id = who and changed_at = password_of;
        if not found then
            raise exception 'the password was changed' using errcode = '23514', constraint = 'sessions_password_current';
        end if;
    end if;
    if parent is not null then
        perform from sessions where id = parent and user_id = who and ended_at is null and expires_at > now();
        if not found then
            raise exception 'the session before it has ended' using errcode = '23514', constraint = 'sessions_parent_goes_on';
        end if;
    end if;
end $$;

-- Remove at most so many sessions that nobody can use any more, those that were ended a day ago included. Returns how many.
create function sessions_prune(most integer) returns bigint language sql as $$
    with expired as (
        select id from sessions where expires_at < now() order by expires_at limit most for update skip locked
    ), ended as (
        select id from sessions where ended_at < now() - interval '1 day' order by ended_at limit most for update skip locked
    ), gone as (
        delete from sessions where id in (select id from expired union select id from ended) returning 1
    )
    select count(*) from gone;
$$;

-- -------------------------------------------------------------------------------------------------- outbox

-- What has to leave the system because of a change, written in the change's own transaction. A relay sends and marks.
create table outbox (
    id           bigint      generated always as identity constraint outbox_pkey primary key,
    kind         text        not null constraint outbox_kind_known check (kind in ('mail', 'event')),
    topic        text        not null constraint outbox_topic_length check (length(topic) between 1 and 100), -- template or event type
    recipient    text        constraint outbox_recipient_given check (kind <> 'mail' or recipient is not null),
    payload      jsonb       not null,
    created_at   timestamptz not null default now(),
    available_at timestamptz not null default now(),
    sent_at      timestamptz,
    withheld     boolean     not null default false, -- never sent: written to take as long as one that is
    attempts     integer     not null default 0,
    last_error   text
);
create index outbox_unsent_idx on outbox (available_at, id) where sent_at is null and not withheld;
create index outbox_recipient_idx on outbox (recipient, created_at) where kind = 'mail';
create index outbox_withheld_idx on outbox (created_at) where withheld;

-- -------------------------------------------------------------------------------------------------- rights

grant select, insert, update, delete on mailed_tokens, user_totp, recovery_codes, sessions, outbox to nexus_api;

-- Sign-in with accounts of OpenID providers: attempts under way, and how identities are shown and removed.

alter table user_identities
    add column id       uuid not null constraint user_identities_id_key unique,
    add column provider text not null constraint user_identities_provider_length check (length(provider) between 1 and 40);

-- A way to a provider and back, good once: hash is of the state that goes with it, or, before a browser has set out, of the
-- ticket that somebody logged in was given to link an account.
create table login_attempts (
    hash        bytea       constraint login_attempts_pkey primary key constraint login_attempts_hash_size check (length(hash) = 32),
    provider    text        not null constraint login_attempts_provider_length check (length(provider) between 1 and 40),
    browser     bytea       constraint login_attempts_browser_size check (length(browser) = 32), -- hash of its cookie; null: a ticket
    user_id     uuid        constraint login_attempts_user_fkey references users on delete cascade, -- links to this account
    transaction text        constraint login_attempts_transaction_length check (length(transaction) between 1 and 8192), -- what goes on then
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    constraint login_attempts_ticket_user check (browser is not null or user_id is not null)
);
create index login_attempts_expires_at_idx on login_attempts (expires_at);
create index login_attempts_user_idx on login_attempts (user_id) where user_id is not null;

grant select, insert, update, delete on login_attempts to nexus_api;

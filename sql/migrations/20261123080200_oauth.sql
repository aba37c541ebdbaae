-- OAuth 2 clients, codes, consents; accounts of other OpenID providers that users sign in with.

create table oauth_clients (
    id                        uuid        constraint oauth_clients_pkey primary key,
    name                      text        not null constraint oauth_clients_name_length check (length(name) between 1 and 100),
    secret_hash               bytea       constraint oauth_clients_secret_hash_size check (length(secret_hash) = 32), -- null: public
    redirect_uris             text[]      not null default '{}',
    post_logout_redirect_uris text[]      not null default '{}',
    grants                    text[]      not null constraint oauth_clients_grants_known check
                                          (grants <@ array['authorization_code', 'refresh_token', 'client_credentials']),
    scopes                    text[]      not null,
    audiences                 text[]      not null default '{}', -- resources it may ask tokens for besides the API itself
    trusted                   boolean     not null default false, -- of the house: users are not asked for consent
    disabled_at               timestamptz,
    version                   bigint      not null default 1,
    created_at                timestamptz not null default now(),
    updated_at                timestamptz not null default now(),
    constraint oauth_clients_credentials_confidential check (secret_hash is not null or not 'client_credentials' = any (grants))
);
create index oauth_clients_created_at_idx on oauth_clients (created_at, id);
alter table sessions
    add column cookie_hash bytea constraint sessions_cookie_hash_size check (length(cookie_hash) = 32)
                                 constraint sessions_cookie_hash_key unique, -- of browser sessions
    add constraint sessions_client_fkey foreign key (client_id) references oauth_clients on delete cascade;
alter table sessions
    add column claims text[]; -- claims asked for one by one, beside those of the scopes, to be told at /oauth/userinfo
create index sessions_client_idx on sessions (client_id) where client_id is not null;

create table oauth_codes (
    hash           bytea       constraint oauth_codes_pkey primary key constraint oauth_codes_hash_size check (length(hash) = 32),
    client_id      uuid        not null constraint oauth_codes_client_fkey references oauth_clients on delete cascade,
    browser_id     uuid        not null constraint oauth_codes_browser_fkey references sessions on delete cascade,
    redirect_uri   text        not null,
    code_challenge text        not null, -- S256
    scopes         text[]      not null,
    nonce          text,
    audience       text,
    claims         text[]      not null default '{}', -- asked for one by one: of /oauth/userinfo
    token_claims   text[]      not null default '{}', -- and of the ID token
    created_at     timestamptz not null default now(),
    expires_at     timestamptz not null,
    used_at        timestamptz,
    session_id     uuid        constraint oauth_codes_session_fkey references sessions on delete set null -- what it was exchanged for
);
create index oauth_codes_expires_at_idx on oauth_codes (expires_at);
create index oauth_codes_browser_idx on oauth_codes (browser_id);
create index oauth_codes_client_idx on oauth_codes (client_id);
create index oauth_codes_session_idx on oauth_codes (session_id) where session_id is not null;

create table oauth_consents (
    user_id    uuid        constraint oauth_consents_user_fkey references users on delete cascade,
    client_id  uuid        constraint oauth_consents_client_fkey references oauth_clients on delete cascade,
    scopes     text[]      not null,
    updated_at timestamptz not null default now(),
    constraint oauth_consents_pkey primary key (user_id, client_id)
);
create index oauth_consents_client_idx on oauth_consents (client_id);

-- The key is (issuer, subject); an address is never enough.
create table user_identities (
    issuer     text        constraint user_identities_issuer_length check (length(issuer) between 1 and 500),
    subject    text        constraint user_identities_subject_length check (length(subject) between 1 and 255),
    user_id    uuid        not null constraint user_identities_user_fkey references users on delete cascade,
    email      text,
    created_at timestamptz not null default now(),
    used_at    timestamptz not null default now(),
    constraint user_identities_pkey primary key (issuer, subject)
);
create index user_identities_user_idx on user_identities (user_id);

grant select, insert, update, delete on oauth_clients, oauth_codes, oauth_consents, user_identities to nexus_api;

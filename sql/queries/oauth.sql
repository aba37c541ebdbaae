-- OAuth: clients, what users let them do, codes, browser sessions of the log-in pages.

-- name: oauth_client_read
-- A client: id -> name, hash of its secret, redirect URIs and post-logout redirect URIs with newlines between, grants and scopes
-- with blanks between, audiences with newlines between, trusted, disabled.
select name, secret_hash, array_to_string(redirect_uris, E'\n'), array_to_string(post_logout_redirect_uris, E'\n'),
       array_to_string(grants, ' '), array_to_string(scopes, ' '), array_to_string(audiences, E'\n'), trusted,
       disabled_at is not null
  from oauth_clients where id = $1;

-- name: oauth_client_create
-- Register a client: id, name, hash of its secret or null, redirect URIs, post-logout redirect URIs, grants, scopes, audiences,
-- trusted.
insert into oauth_clients (id, name, secret_hash, redirect_uris, post_logout_redirect_uris, grants, scopes, audiences, trusted)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: oauth_client_lock
-- A client about to be changed: id -> version, whether it is confidential, redirect URIs with newlines between, grants with
-- blanks between, disabled.
select version, secret_hash is not null, array_to_string(redirect_uris, E'\n'), array_to_string(grants, ' '),
       disabled_at is not null
  from oauth_clients where id = $1 for update;

-- name: oauth_client_update
-- Change a client: id, then each null to leave it: name, redirect URIs, post-logout redirect URIs, grants, scopes, audiences,
-- trusted, disabled.
update oauth_clients
   set name = coalesce($2, name), redirect_uris = coalesce($3, redirect_uris),
       post_logout_redirect_uris = coalesce($4, post_logout_redirect_uris), grants = coalesce($5, grants),
       scopes = coalesce($6, scopes), audiences = coalesce($7, audiences), trusted = coalesce($8, trusted),
       disabled_at = case when $9::boolean is null then disabled_at when $9 then coalesce(disabled_at, now()) end,
       version = version + 1, updated_at = now()
 where id = $1;

-- name: oauth_client_secret
-- Another secret for a confidential client: id, its hash. A row when there is such a client.
update oauth_clients set secret_hash = $2, version = version + 1, updated_at = now()
 where id = $1 and secret_hash is not null
returning id;

-- name: oauth_client_delete
-- Remove a client with everything it was given: id.
delete from oauth_clients where id = $1;

-- name: oauth_client_end_sessions
-- End all sessions of a client: id.
update sessions set ended_at = now(), end_reason = 'revoked' where client_id = $1 and ended_at is null;

-- name: oauth_client_codes_void
-- Codes of a client that were not exchanged yet are worth nothing any more: id.
delete from oauth_codes where client_id = $1 and used_at is null;

-- name: oauth_browser
-- Who is logged in: hash of the cookie -> session, user, e-mail address, methods with blanks between, when the user proved to
-- be it.
select s.id, s.user_id, u.email, array_to_string(s.methods, ' '), s.authenticated_at
  from sessions s join users u on u.id = s.user_id
 where s.cookie_hash = $1 and s.kind = 'browser' and s.ended_at is null and s.expires_at > now()
   and s.used_at > now() - s.idle_seconds * interval '1 second' and u.status = 'active';

-- name: oauth_browser_used
-- A browser session was used: id. Once a minute is enough.
update sessions set used_at = now() where id = $1 and used_at < now() - interval '1 minute';

-- name: oauth_browser_cookie
-- Give a session that begins the hash of its cookie: session, hash.
update sessions set cookie_hash = $2 where id = $1;

-- name: oauth_browser_children
-- Sessions that clients were given because of a browser session, and that are not meant to outlive it: session -> id, user.
select distinct s.id, s.user_id
  from oauth_codes c join sessions s on s.id = c.session_id
 where c.browser_id = $1 and s.ended_at is null and not 'offline_access' = any (s.scopes);

-- name: oauth_consent
-- What whoever is logged in has let a client do: client, hash of the cookie -> scopes with blanks between.
select array_to_string(c.scopes, ' ')
  from oauth_consents c join sessions s on s.user_id = c.user_id
 where c.client_id = $1 and s.cookie_hash = $2;

-- name: oauth_consent_add
-- Let a client do more: user, client, scopes.
insert into oauth_consents as c (user_id, client_id, scopes) values ($1, $2, $3)
on conflict (user_id, client_id) do update
   set scopes = array(select distinct unnest(c.scopes || excluded.scopes)), updated_at = now();

-- name: oauth_consent_list
-- What a user has let clients do: user -> client, its name, scopes with blanks between, since when.
select c.client_id, o.name, array_to_string(c.scopes, ' '), c.updated_at
  from oauth_consents c join oauth_clients o on o.id = c.client_id
 where c.user_id = $1 order by c.updated_at desc, c.client_id limit 200;

-- name: oauth_consent_delete
-- Take it back: user, client. A row when there was something; ends the sessions, too.
with ended as (
    update sessions set ended_at = now(), end_reason = 'revoked'
     where user_id = $1 and client_id = $2 and ended_at is null
), void as (
    delete from oauth_codes k using sessions b
     where k.client_id = $2 and k.browser_id = b.id and b.user_id = $1 and k.used_at is null
)
delete from oauth_consents where user_id = $1 and client_id = $2 returning client_id;

-- name: oauth_code_add
-- A code: hash, client, browser session, redirect URI, challenge, scopes, nonce, audience, claims, claims of the ID token,
-- lifetime in microseconds. Forgets some that were over a day ago.
with over as (
    delete from oauth_codes where hash in
        (select hash from oauth_codes where expires_at < now() - interval '1 day' limit 10 for update skip locked)
)
insert into oauth_codes (hash, client_id, browser_id, redirect_uri, code_challenge, scopes, nonce, audience, claims,
                         token_claims, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + $11 * interval '1 microsecond');

-- name: oauth_code_lock
-- A code about to be exchanged: hash -> client, redirect URI, challenge, scopes with blanks between, nonce, audience, claims,
-- claims of the ID token (both with blanks between), whether it is good, what it was exchanged for, browser session, user,
-- methods with blanks between, when the user proved to be it, whether it was used.
select c.client_id, c.redirect_uri, c.code_challenge, array_to_string(c.scopes, ' '), c.nonce, c.audience,
       array_to_string(c.claims, ' '), array_to_string(c.token_claims, ' '),
       c.used_at is null and c.expires_at > now() and b.ended_at is null and u.status = 'active',
       c.session_id, b.id, b.user_id, array_to_string(b.methods, ' '), b.authenticated_at,
       c.used_at is not null
  from oauth_codes c join sessions b on b.id = c.browser_id join users u on u.id = b.user_id
 where c.hash = $1 for update of c;

-- name: oauth_code_use
-- Exchange a code: hash, session it is exchanged for.
update oauth_codes set used_at = now(), session_id = $2 where hash = $1;

-- name: oauth_session_claims
-- Claims asked for one by one: session, claims with blanks between.
update sessions set claims = string_to_array($2, ' ') where id = $1;

-- name: oauth_userinfo
-- What a token may know of its user: session -> user, scopes and claims with blanks between, name, e-mail address, whether it
-- is verified, phone, photo, languages with commas between, when the account was changed.
select u.id, array_to_string(s.scopes, ' '), array_to_string(s.claims, ' '), u.name, u.email, u.email_verified_at is not null,
       u.phone, u.photo_url, array_to_string(u.languages, ','), u.updated_at
  from sessions s join users u on u.id = s.user_id
 where s.id = $1;

-- name: oauth_user_claims
-- The same for an ID token: user.
select u.id, '', '', u.name, u.email, u.email_verified_at is not null, u.phone, u.photo_url, array_to_string(u.languages, ','),
       u.updated_at
  from users u where u.id = $1;

-- name: oauth_session_state
-- For introspection: session -> client, user, scopes with blanks between, audience, begin, end; no row when it is over.
select s.client_id, s.user_id, array_to_string(s.scopes, ' '), s.audience, s.created_at, s.expires_at
  from sessions s join users u on u.id = s.user_id
 where s.id = $1 and s.ended_at is null and s.expires_at > now()
   and s.used_at > now() - s.idle_seconds * interval '1 second' and u.status = 'active';

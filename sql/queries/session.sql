-- Sessions and the refresh tokens of their families.

-- name: session_admit
-- Whether a user may still begin a session: user, when the password shown had been set or null, session it comes from or
-- null. Fails when not.
select session_admit($1, $2, $3);

-- name: session_start
-- Begin a session: id, user, client, kind, actor, methods, scopes with blanks between, audience, when the user proved to be
-- it (null: now), lifetime in microseconds, idle seconds, network, user agent, hash of the refresh token or null, how many
-- sessions a user may have: the oldest make room.
with room as (
    update sessions set ended_at = now(), end_reason = 'limit'
     where id in (select id from sessions where user_id = $2 and ended_at is null
                   order by created_at desc, id desc offset $15 - 1))
insert into sessions (id, user_id, client_id, kind, actor_id, methods, scopes, audience, authenticated_at, expires_at,
                      idle_seconds, network, user_agent, head)
values ($1, $2, $3, $4, $5, $6::text[], string_to_array($7, ' '), $8, coalesce($9, now()),
        now() + $10 * interval '1 microsecond', $11, $12::text::inet, $13, $14);

-- name: session_prune
-- Forget what is long over, at most so many; see the function.
select sessions_prune($1);

-- name: session_rotate
-- Refresh: session, hash of the token shown, hash of its successor made with a salt, that salt, client or null, grace in
-- microseconds, network, user agent. No row: refused. Else what the new access token is to say, whether the successor is
-- the new head, and if not, how the present head was made. Whoever comes second waits for the row and sees the first's.
update sessions s
   set head = case when s.head = $2 then $3 else s.head end,
       salt = case when s.head = $2 then $4 else s.salt end,
       previous = $2,
       rotated_at = case when s.head = $2 then now() else s.rotated_at end,
       used_at = now(),
       network = $7::text::inet,
       user_agent = $8
 where s.id = $1 and s.client_id is not distinct from $5 and s.ended_at is null and s.expires_at > now()
   and s.used_at > now() - s.idle_seconds * interval '1 second'
   and (s.head = $2 or (s.previous = $2 and s.rotated_at > now() - $6 * interval '1 microsecond'))
   and exists (select from users u where u.id = s.user_id and u.status = 'active')
returning s.user_id, s.actor_id, s.authenticated_at, array_to_string(s.scopes, ' '), s.audience, s.head = $3 as rotated,
          s.salt, s.head;

-- name: session_of_stale
-- The user of a living session of the client whose token was used before: session, client or null, hash of the token.
select user_id from sessions
 where id = $1 and client_id is not distinct from $2 and ended_at is null and expires_at > now() and head <> $3;

-- name: session_find
-- What a refresh token belongs to: session, hash of the token.
select user_id, client_id, array_to_string(scopes, ' '), created_at, expires_at, head is not distinct from $2
  from sessions
 where id = $1 and ended_at is null and expires_at > now() and used_at > now() - idle_seconds * interval '1 second';

-- name: session_end
-- End a session of a user: session, user, reason. A row when it was not over.
update sessions set ended_at = now(), end_reason = $3 where id = $1 and user_id = $2 and ended_at is null
returning id;

-- name: session_lock_user
-- Nobody begins a session of the user until the transaction is over.
select from users where id = $1 for no key update;

-- name: session_end_all
-- End all sessions of a user: user, one to be left or null, reason.
update sessions set ended_at = now(), end_reason = $3
 where user_id = $1 and ended_at is null and id is distinct from $2
returning id;

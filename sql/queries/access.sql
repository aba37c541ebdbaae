-- Access: what the bearer of a token may at this moment.

-- name: access_load
-- Who holds a token, now: user, session, client, actor, each null when the token names none; roles that need a second
-- factor -> state, names of permissions, names of roles, scopes of the client, each with blanks between.
select case when u.status = 'suspended' then 'suspended'
            when t.user_id is not null and u.status is distinct from 'active' then 'ended'
            when t.session_id is not null and s.id is null then 'ended'
            when t.client_id is not null and c.id is null then 'ended'
            when t.actor_id is not null and not exists (
                select from user_roles r join role_permissions p on p.role_name = r.role_name
                 where r.user_id = a.id and p.permission in ('*', 'user.act_as')) then 'ended'
            when t.actor_id is null and exists (select from user_roles r where r.user_id = t.user_id and r.role_name = any($5))
                 and not exists (select from user_totp f where f.user_id = t.user_id and f.confirmed_at is not null)
            then 'factor'
            else 'good' end,
       coalesce((select string_agg(distinct p.permission, ' ')
                   from user_roles r join role_permissions p on p.role_name = r.role_name
                  where r.user_id = t.user_id), ''),
       coalesce((select string_agg(r.role_name, ' ') from user_roles r where r.user_id = t.user_id), ''),
       coalesce(array_to_string(c.scopes, ' '), '')
  from (values ($1::uuid, $2::uuid, $3::uuid, $4::uuid)) t (user_id, session_id, client_id, actor_id)
  left join users u on u.id = t.user_id
  left join sessions s on s.id = t.session_id and s.user_id = t.user_id and s.ended_at is null and s.expires_at > now()
        and s.client_id is not distinct from t.client_id and s.actor_id is not distinct from t.actor_id
  left join oauth_clients c on c.id = t.client_id and c.disabled_at is null
  left join users a on a.id = t.actor_id and a.status = 'active';

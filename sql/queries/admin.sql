-- Administration of accounts.

-- name: admin_lock_user
-- An account, locked: id -> status, names of its permissions with blanks between.
select u.status, coalesce((select string_agg(distinct p.permission, ' ')
                             from user_roles r join role_permissions p on p.role_name = r.role_name
                            where r.user_id = u.id), '')
  from users u where u.id = $1
   for no key update of u;

-- name: admin_acted_as
-- As whom a member of the staff acts at the moment: id of the member.
select distinct user_id from sessions where actor_id = $1 and ended_at is null;

-- name: admin_set_status
-- Give an account another status: id, status.
update users set status = $2, version = version + 1, updated_at = now() where id = $1;

-- name: admin_end_acting
-- End the sessions in which a member of the staff acts as somebody: id of the member.
update sessions set ended_at = now(), end_reason = 'suspended' where actor_id = $1 and ended_at is null;

-- name: admin_actor
-- A row while the account is active; it then stays so until the transaction ends: id.
select true from users where id = $1 and status = 'active' for share;

-- Statements of roles (src/access).

-- name: role_insert
insert into roles (name, doc) values ($1, $2);

-- name: role_lock
-- A role, locked also against being given to somebody: whether it is built in, its version, its permissions with commas
-- between, whether somebody has it.
select r.built_in, r.version,
       coalesce((select string_agg(p.permission, ',' order by p.permission) from role_permissions p
                  where p.role_name = r.name), ''),
       exists (select from user_roles u where u.role_name = r.name)
  from roles r
 where r.name = $1
   for update of r;

-- name: role_change
-- Null keeps the text.
update roles set doc = coalesce($2, doc), version = version + 1, updated_at = now() where name = $1;

-- name: role_permissions_put
-- Exactly these.
with gone as (
    delete from role_permissions where role_name = $1 and permission <> all ($2::text[]))
insert into role_permissions (role_name, permission)
select $1, unnest($2::text[])
on conflict do nothing;

-- name: role_delete
delete from roles where name = $1;

-- name: user_roles_lock
-- A user, locked; the names of the roles with commas between.
select coalesce((select string_agg(r.role_name, ',' order by r.role_name) from user_roles r where r.user_id = u.id), '')
  from users u
 where u.id = $1
   for no key update of u;

-- name: user_roles_known
-- The roles among those named ($2) and those the user ($1) has: name, and permissions with commas between.
select r.name, coalesce((select string_agg(p.permission, ',') from role_permissions p where p.role_name = r.name), '')
  from roles r
 where r.name = any ($2::text[]) or exists (select from user_roles u where u.user_id = $1 and u.role_name = r.name);

-- name: user_roles_put
-- Exactly these; the account is seen to have changed.
with gone as (
    delete from user_roles where user_id = $1 and role_name <> all ($2::text[])),
given as (
    insert into user_roles (user_id, role_name) select $1, unnest($2::text[]) on conflict do nothing)
update users set version = version + 1, updated_at = now() where id = $1;

-- name: user_roles_read
-- One row when there is such a user: the names of the roles with commas between.
select coalesce((select string_agg(r.role_name, ',' order by r.role_name) from user_roles r where r.user_id = u.id), '')
  from users u
 where u.id = $1;

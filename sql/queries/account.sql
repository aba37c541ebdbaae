-- Accounts: users, their credentials and roles.

-- name: account_create
-- A user with credentials and roles: id, e-mail (lower case), name, password hash, role names.
with made as (
    insert into users (id, email, name) values ($1, $2, $3) returning id
), secret as (
    insert into user_credentials (user_id, password_hash) select id, $4 from made
)
insert into user_roles (user_id, role_name) select made.id, role from made, unnest($5::text[]) role;

-- name: account_login
-- What a log-in needs: e-mail (lower case) or null, id or null -> id, password hash, roles with commas between, whether active.
select u.id, c.password_hash,
       coalesce((select string_agg(r.role_name, ',' order by r.role_name) from user_roles r where r.user_id = u.id), '') roles,
       u.status = 'active'
  from users u join user_credentials c on c.user_id = u.id
 where u.email = $1 or u.id = $2;

-- name: account_update
-- Change an account when its version is among the acceptable: id, new name or null, versions or null. A row when it did.
update users
   set name = coalesce($2, name),
       version = version + ($2::text is not null)::integer,
       updated_at = case when $2 is null then updated_at else now() end
 where id = $1 and ($3::int8[] is null or version = any($3))
returning version;

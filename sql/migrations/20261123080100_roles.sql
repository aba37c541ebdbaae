-- Roles are sets of permissions, whose names are in src/auth/permissions.def; co-hosts hold some for one property.

alter table roles
    add column built_in   boolean     not null default false,
    add column version    bigint      not null default 1,
    add column created_at timestamptz not null default now(),
    add column updated_at timestamptz not null default now(),
    add constraint roles_name_form check (name ~ '^[a-z][a-z0-9_]{0,31}$'),
    add constraint roles_doc_length check (length(doc) <= 500);
update roles set built_in = true;

-- '*' stands for every permission, also those that are yet to come.
create table role_permissions (
    role_name  text constraint role_permissions_role_fkey references roles on delete cascade,
    permission text constraint role_permissions_permission_form check (permission ~ '^(\*|[a-z][a-z0-9_.]{0,63})$'),
    constraint role_permissions_pkey primary key (role_name, permission)
);
insert into role_permissions values
    ('guest', 'account'), ('guest', 'booking.create'), ('guest', 'booking.read'), ('guest', 'booking.manage'),
    ('host', 'account'), ('host', 'property.write'), ('host', 'property.manage'), ('host', 'calendar.write'),
    ('host', 'booking.read'), ('host', 'booking.manage'),
    ('support', 'account'), ('support', 'booking.read'), ('support', 'user.read'),
    ('admin', '*');

-- One active account always has the role admin, whoever takes it away and however: whoever would leave none waits for the
-- others who are about to, and then fails.
create function require_admin() returns void language plpgsql as $$
begin
    perform from roles where name = 'admin' for no key update;
    if not exists (select from user_roles r join users u on u.id = r.user_id
                    where r.role_name = 'admin' and u.status = 'active') then
        raise exception 'the last administrator' using errcode = 'check_violation', constraint = 'users_last_admin';
    end if;
end $$;

create function user_roles_changed() returns trigger language plpgsql as $$
begin
    perform require_admin();
    return null;
end $$;
create trigger user_roles_last_admin after delete or update on user_roles
    for each row when (old.role_name = 'admin') execute function user_roles_changed();

create function users_left() returns trigger language plpgsql as $$
begin
    if exists (select from user_roles where user_id = old.id and role_name = 'admin') then
        perform require_admin();
    end if;
    return null;
end $$;
create trigger users_last_admin after update of status on users
    for each row when (old.status = 'active' and new.status <> 'active') execute function users_left();

create table property_members (
    property_id uuid        constraint property_members_property_fkey references properties on delete cascade,
    user_id     uuid        constraint property_members_user_fkey references users on delete cascade,
    permissions text[]      not null constraint property_members_permissions_some check (cardinality(permissions) between 1 and 64),
    version     bigint      not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    constraint property_members_pkey primary key (property_id, user_id)
);
create index property_members_user_idx on property_members (user_id, property_id);

-- Who may do what on which property: its host, for whom '*' stands because a role says what hosts may do, and co-hosts what
-- they were given. Every check of somebody's right to a property looks in here, those of reads and writes alike.
create view property_grants as
    select id as property_id, status, host_id as user_id, '{*}'::text[] as permissions from properties
    union all
    select m.property_id, p.status, m.user_id, m.permissions
      from property_members m join properties p on p.id = m.property_id;

grant insert, update, delete on roles to nexus_api;
grant select, insert, update, delete on role_permissions, property_members to nexus_api;
grant select on property_grants to nexus_api;

-- The audit log: who did what to what. Rows are only ever added, by audit_append, and each is chained to the one before
-- it by SHA-256, so that an edit, a removal or another order shows (`nexusctl audit verify`).
--
-- One chain would make everybody who writes an entry wait for the commit of whoever wrote the one before. So there are
-- several, called lanes, and the link is made when the transaction commits: a lane is held no longer than a commit takes,
-- nothing is waited for meanwhile (so nothing can deadlock), and whoever commits takes a lane that is free.

create table audit_log (
    id          uuid        constraint audit_log_pkey primary key,
    at          timestamptz not null default clock_timestamp(),
    user_id     uuid,       -- whose rights were used; null: nobody's
    actor_id    uuid,       -- who of the staff acted as user_id
    client_id   uuid,       -- null: the product's own front-ends
    operator    text        constraint audit_log_operator_length check (length(operator) between 1 and 200), -- at the shell
    request_id  text        constraint audit_log_request_id_length check (length(request_id) between 1 and 100),
    network     cidr,       -- /24 or /48 of the address: says where from, not who
    action      text        not null constraint audit_log_action_form check (action ~ '^[a-z][a-z_]*\.[a-z][a-z_]*$'),
    target_type text        not null constraint audit_log_target_type_form check (target_type ~ '^[a-z][a-z_]*$'),
    target_id   text        constraint audit_log_target_id_length check (length(target_id) between 1 and 200),
    before      jsonb       constraint audit_log_before_form check (jsonb_typeof(before) = 'object'),
    after       jsonb       constraint audit_log_after_form check (jsonb_typeof(after) = 'object')
);
-- No foreign keys: an entry outlives what it tells of.
create index audit_log_at_idx on audit_log (at, id);
create index audit_log_user_idx on audit_log (user_id, at, id);
create index audit_log_actor_idx on audit_log (actor_id, at, id) where actor_id is not null;
create index audit_log_action_idx on audit_log (action, at, id);
create index audit_log_target_idx on audit_log (target_id, at, id);
create index audit_log_request_idx on audit_log (request_id, at, id);
create index audit_log_target_type_idx on audit_log (target_type, at, id);

-- hash = sha256(hash of the link before || audit_canonical), starting from 32 zero bytes.
create table audit_links (
    lane     smallint constraint audit_links_lane_range check (lane between 0 and 15),
    seq      bigint   constraint audit_links_seq_positive check (seq > 0),
    entry_id uuid     not null constraint audit_links_entry_key unique
                      constraint audit_links_entry_fkey references audit_log,
    hash     bytea    not null constraint audit_links_hash_size check (length(hash) = 32),
    constraint audit_links_pkey primary key (lane, seq)
);

-- The newest link of each lane, so that a removed end shows.
create table audit_heads (
    lane smallint constraint audit_heads_pkey primary key constraint audit_heads_lane_range check (lane between 0 and 15),
    seq  bigint   not null,
    hash bytea    not null constraint audit_heads_hash_size check (length(hash) = 32)
) with (fillfactor = 50);
insert into audit_heads select lane, 0, decode(repeat('00', 32), 'hex') from generate_series(0, 15) as lane;

-- ------------------------------------------------------------------------------------------------------ chain

-- The text under the hash. Its form never changes; nexusctl makes it by itself, because whoever can edit rows can edit
-- functions too.
create function audit_canonical(lane smallint, seq bigint, e audit_log) returns text language sql stable
set search_path = public, pg_temp as $$
    select jsonb_build_array(lane, seq, e.id, (extract(epoch from e.at) * 1000000)::bigint, e.user_id, e.actor_id, e.client_id,
                             e.operator, e.request_id, e.network::text, e.action, e.target_type, e.target_id, e.before,
                             e.after)::text
$$;

-- Before the commit. Who holds a lane already always finds one that is free, its own, and so never waits.
create function audit_chain() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    head audit_heads;
begin
    select * into head from audit_heads order by (lane + pg_backend_pid()) % 16 limit 1 for update skip locked;
    if not found then
        select * into strict head from audit_heads where lane = pg_backend_pid() % 16 for update;
    end if;
    head.seq := head.seq + 1;
    head.hash := sha256(head.hash || convert_to(audit_canonical(head.lane, head.seq, new), 'UTF8'));
    insert into audit_links (lane, seq, entry_id, hash) values (head.lane, head.seq, new.id, head.hash);
    update audit_heads set seq = head.seq, hash = head.hash where lane = head.lane;
    return null;
end $$;
create constraint trigger audit_log_chain after insert on audit_log deferrable initially deferred
    for each row execute function audit_chain();

-- ---------------------------------------------------------------------------------------------------- guards

create function audit_refuse() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is only added to' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_log_fixed before update or delete or truncate on audit_log
    for each statement execute function audit_refuse();
create trigger audit_links_fixed before update or delete or truncate on audit_links
    for each statement execute function audit_refuse();
create trigger audit_heads_fixed before insert or delete or truncate on audit_heads
    for each statement execute function audit_refuse();

-- A head only goes on to the link that was just made.
create function audit_head_step() returns trigger language plpgsql as $$
begin
    if new.lane = old.lane and new.seq = old.seq + 1 and
       exists (select from audit_links l where (l.lane, l.seq, l.hash) = (new.lane, new.seq, new.hash)) then
        return new;
    end if;
    raise exception 'the audit log is only added to' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_heads_step before update on audit_heads for each row execute function audit_head_step();

-- ---------------------------------------------------------------------------------------------------- append

-- Of what changed no more than fits a page; the entry itself is never refused for its size.
create function audit_bounded(value jsonb) returns jsonb language sql immutable as $$
    select case when octet_length(value::text) > 8192 then jsonb_build_object('too_large', octet_length(value::text)) else value end
$$;

-- A member that is called like a secret is a mistake of the program. Raised here and not by a constraint, whose failure would
-- write the row into the server's log.
create function audit_has_secret(value jsonb) returns boolean language sql immutable as $$
    select coalesce(jsonb_path_exists(value, '$.** ? (@.type() == "object").keyvalue() ?
        (@.key like_regex "password|secret|token|hash|cookie|credential|private" flag "i")'), false)
$$;

create function audit_append(id uuid, user_id uuid, actor_id uuid, client_id uuid, operator text, request_id text,
                             address inet, action text, target_type text, target_id text, before jsonb, after jsonb)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if audit_has_secret(before) or audit_has_secret(after) then
        raise exception 'an entry for % has a member that is called like a secret', action;
    end if;
    insert into audit_log (id, user_id, actor_id, client_id, operator, request_id, network, action, target_type, target_id,
                           before, after)
    values (id, user_id, actor_id, client_id, operator, request_id,
            network(set_masklen(address, case family(address) when 4 then 24 else 48 end)), action, target_type, target_id,
            audit_bounded(before), audit_bounded(after));
end $$;

-- What is worth recording of a row that one UPDATE changes. Free text counts, but only by its digest.
create function audit_view(target_type text, target uuid) returns jsonb language sql stable
set search_path = public, pg_temp as $$
    select case target_type
    when 'user' then (
        select jsonb_build_object(
                   'status', u.status, 'email_verified', u.email_verified_at is not null,
                   'roles', (select coalesce(jsonb_agg(role_name order by role_name), '[]') from user_roles where user_id = u.id),
                   'name', md5(u.name), 'email', md5(u.email), 'phone', md5(u.phone))
          from users u where u.id = target)
    when 'property' then (
        select jsonb_build_object(
                   'host_id', p.host_id, 'status', p.status, 'kind', p.kind, 'room_type', p.room_type, 'city', p.city,
                   'country', p.country, 'time_zone', p.time_zone, 'capacity', p.capacity, 'bedrooms', p.bedrooms,
                   'beds', p.beds, 'bathrooms', p.bathrooms, 'price', p.price, 'currency', p.currency,
                   'min_nights', p.min_nights, 'max_nights', p.max_nights, 'title', md5(p.title),
                   'description', md5(p.description), 'address', md5(p.address), 'house_rules', md5(p.house_rules),
                   'location', md5(p.location::text),
                   'amenities', (select md5(string_agg(amenity_id::text, ',' order by amenity_id))
                                   from property_amenities where property_id = p.id),
                   'photos', (select md5(string_agg(url, ' ' order by position)) from property_photos where property_id = p.id))
          from properties p where p.id = target)
    when 'booking' then (
        select jsonb_build_object('status', b.status, 'check_in', b.check_in, 'check_out', b.check_out)
          from bookings b where b.id = target)
    end
$$;

-- Members of audit_view that are digests: the log only says that they were changed.
create function audit_digests() returns text[] language sql immutable as $$
    select array['name', 'email', 'phone', 'title', 'description', 'address', 'house_rules', 'location', 'amenities', 'photos']
$$;

-- Remember the state of a row until the end of the transaction, and keep others from changing it.
create function audit_watch(target_type text, target uuid) returns void language plpgsql as $$
begin
    case target_type
    when 'user' then perform from users where id = target for no key update;
    when 'property' then perform from properties where id = target for no key update;
    when 'booking' then perform from bookings where id = target for no key update;
    else raise exception 'nothing is known of the state of a %', target_type;
    end case;
    perform set_config('nexus.audit_before',
                       coalesce(jsonb_build_object(target, audit_view(target_type, target))::text, ''), true);
end $$;

-- Append what differs from the state remembered; nothing when nothing does.
create function audit_append_change(id uuid, user_id uuid, actor_id uuid, client_id uuid, operator text, request_id text,
                                    address inet, action text, target_type text, target_id text)
returns void language plpgsql as $$
declare
    old_state jsonb := coalesce(nullif(current_setting('nexus.audit_before', true), ''), '{}')::jsonb -> target_id;
    new_state jsonb := audit_view(target_type, target_id::uuid);
    old_part  jsonb;
    new_part  jsonb;
begin
    select jsonb_object_agg(key, o.value) filter (where key <> all (audit_digests())),
           jsonb_object_agg(key, case when key = any (audit_digests()) then '"(changed)"' else n.value end)
      into old_part, new_part
      from jsonb_each(coalesce(old_state, '{}')) o full join jsonb_each(coalesce(new_state, '{}')) n using (key)
     where o.value is distinct from n.value;
    if new_part is not null then
        perform audit_append(id, user_id, actor_id, client_id, operator, request_id, address, action, target_type, target_id,
                             old_part, new_part);
        perform set_config('nexus.audit_before', jsonb_build_object(target_id, new_state)::text, true);
    end if;
end $$;

-- ---------------------------------------------------------------------------------------------------- rights

revoke execute on function audit_chain(), audit_refuse(), audit_head_step(),
    audit_append(uuid, uuid, uuid, uuid, text, text, inet, text, text, text, jsonb, jsonb) from public;
grant execute on function audit_append(uuid, uuid, uuid, uuid, text, text, inet, text, text, text, jsonb, jsonb) to nexus_api;
grant select on audit_log to nexus_api;

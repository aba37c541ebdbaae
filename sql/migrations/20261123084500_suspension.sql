-- Suspended accounts: what they offer is neither found nor booked; indexes for those who look after accounts.

alter table properties add column withheld boolean not null default false; -- its host's account is not active

-- Who is not active offers nothing. The lock lets either the suspension see the property or the property see the suspension.
create function property_host_active() returns trigger language plpgsql as $$
declare
    host_status text;
begin
    select status into host_status from users where id = new.host_id for share;
    if host_status <> 'active' then
        raise exception 'the host is not active' using errcode = 'check_violation', constraint = 'properties_host_active';
    end if;
    return new;
end $$;
create trigger properties_host_active before insert or update of host_id on properties
    for each row execute function property_host_active();

create function user_withhold() returns trigger language plpgsql as $$
begin
    update properties set withheld = new.status <> 'active'
     where host_id = new.id and withheld <> (new.status <> 'active');
    return null;
end $$;
create trigger users_withhold after update of status on users
    for each row when (old.status is distinct from new.status) execute function user_withhold();

create or replace view property_search_truth as
    select p.id as property_id, p.location, p.status = 'published' and not p.withheld as published, p.created_at, p.room_type,
           p.price, p.currency,
           coalesce(round(r.rating, 2), i.rating, 0)::double precision as rating, coalesce(r.reviews, 0)::integer as review_count,
           p.capacity, p.bedrooms, p.min_nights, p.max_nights,
           coalesce(u.unit_count, 0)::smallint as unit_count,
           coalesce(a.amenity_ids, '{}') as amenity_ids,
           coalesce(u.busy, '{}') as busy
      from properties p
      left join property_imports i on i.property_id = p.id
      left join lateral (select avg(rating) as rating, count(*) as reviews from reviews where property_id = p.id) r on true
      left join lateral (select array_agg(amenity_id order by amenity_id) as amenity_ids
                           from property_amenities where property_id = p.id) a on true
      left join lateral (select count(*) as unit_count, range_intersect_agg(b.busy) as busy
                           from (select coalesce(range_agg(o.nights), '{}') as busy
                                   from units x left join occupancy o on o.unit_id = x.id
                                  where x.property_id = p.id group by x.id) b) u on true;

create index users_status_idx on users (status, created_at, id);
create index users_not_active_idx on users (created_at, id) where status <> 'active';
create index users_email_prefix_idx on users (email text_pattern_ops);
create index users_name_prefix_idx on users (lower(name) text_pattern_ops);
create index user_roles_role_idx on user_roles (role_name, user_id);
create index sessions_actor_idx on sessions (actor_id) where actor_id is not null and ended_at is null;

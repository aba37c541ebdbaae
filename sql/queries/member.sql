-- Statements of co-hosts (src/access).

-- name: member_look
-- What a change of a co-host ($2) of a property ($1) must know: whether there is an active account of that id that may log
-- in ($3: unverified ones too), what it may there already (with commas between, or null), how many co-hosts there are.
select exists (select from users where id = $2 and status = 'active' and ($3::boolean or email_verified_at is not null)),
       (select array_to_string(permissions, ',') from property_members where property_id = $1 and user_id = $2),
       (select count(*) from property_members where property_id = $1);

-- name: member_put
insert into property_members (property_id, user_id, permissions, share_ppm) values ($1, $2, $3, $4::int8)
on conflict (property_id, user_id) do update
   set permissions = excluded.permissions, share_ppm = excluded.share_ppm, version = property_members.version + 1, updated_at = now();

-- name: member_delete
-- By whoever may change the property ($3 to $5 as $2 to $4 of property_lock), or by the co-host. A row when there was one.
delete from property_members m
 where m.property_id = $1 and m.user_id = $2
   and ($2 = $3 or $5
        or exists (select from property_grants g
                    where g.property_id = $1 and g.user_id = $3 and g.permissions && $4::text[]))
returning array_to_string(m.permissions, ',');

-- Statements of src/photo.

-- name: photo_insert
-- Behind the others. No row: the property has $7 photos already. Under the property's lock.
insert into photos (id, property_id, position, caption, media_type, bytes, hash)
select $1, $2, n.next, $3, $4, $5, $6
  from (select count(*) as n, coalesce(max(position) + 1, 0) as next from photos where property_id = $2) n
 where n.n < $7::int4
returning id;

-- name: photo_change
-- Null keeps the caption. A row when there is such a photo.
update photos set caption = coalesce($3, caption), version = version + 1, updated_at = now()
 where id = $1 and property_id = $2
returning id;

-- name: photo_move
select photo_move(p.id, p.property_id, $3::int4) from photos p where p.id = $1 and p.property_id = $2;

-- name: photos_show
select photos_show($1, $2);

-- name: photo_delete
-- The others close up. A row when there was one.
with gone as (
    delete from photos where id = $1 and property_id = $2 returning id, property_id, position),
closed as (
    update photos p set position = p.position - 1 from gone g where p.property_id = g.property_id and p.position > g.position)
select id from gone;

-- name: photo_read
-- What decoding has to know; no row when it is gone or decided.
select property_id, bytes from photos where id = $1 and state = 'processing';

-- name: photo_rejected
update photos
   set state = 'rejected', reason = $2, decided_at = nexus_now(), version = version + 1, updated_at = now()
 where id = $1 and state = 'processing';

-- name: photo_ready
-- $2 width, $3 height, then the variants in arrays of one length: names, formats, sizes, widths, heights, bytes; $10 what names
-- are put behind. Nothing when it was deleted meanwhile.
with done as (
    update photos
       set state = 'ready', width = $2::int4, height = $3::int4, decided_at = nexus_now(), version = version + 1, updated_at = now()
     where id = $1 and state = 'processing'
    returning id),
made as (
    insert into photo_variants (photo_id, name, format, size, width, height, bytes)
    select d.id, v.name, v.format, v.size, v.width, v.height, v.bytes
      from done d, unnest($4::text[], $5::text[], $6::int4[], $7::int4[], $8::int4[], $9::int8[]) as v(name, format, size, width, height, bytes)
    returning 1)
select count(*) from made;

-- name: photo_lock
-- The property's lock, as its other writers take it first. No row: it is gone.
select p.id from properties p join photos h on h.property_id = p.id where h.id = $1 for no key update of p;

-- name: photo_now
-- Business time in microseconds.
select (extract(epoch from nexus_now()) * 1000000)::int8;

-- name: photos_waiting
-- Which of these are to be decoded still.
select id from photos where id = any($1::uuid[]) and state = 'processing';

-- name: photos_shown
-- Which of these names are variants of a photo.
select v.name from photo_variants v where v.photo_id = any($1::uuid[]) and v.name = any($2::text[]);

-- name: photos_forget
-- Rejected ones are kept for a week, to be looked at. How many went; $1 at most.
with old as (
    select id from photos where state = 'rejected' and decided_at < nexus_now() - interval '7 days'
     order by decided_at limit $1::int8 for update skip locked),
gone as (delete from photos p using old where p.id = old.id returning 1)
select count(*) from gone;

-- name: photos_readdress
-- URLs after the option photos_url or public_url was changed; $1 what names are put behind. How many were wrong; $2 at most.
with wrong as (
    select s.property_id, s.position, $1 || v.name as url
      from property_photos s
      join lateral (select name from photo_variants v where v.photo_id = s.photo_id and v.format = 'jpeg' order by v.size desc limit 1) v on true
     where s.photo_id is not null and s.url <> $1 || v.name
     limit $2::int8),
put as (
    update property_photos s set url = w.url from wrong w
     where s.property_id = w.property_id and s.position = w.position
    returning 1)
select count(*) from put;

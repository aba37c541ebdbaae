-- Statements of src/tracking.

-- name: request_log_add
-- Rows of the log from arrays, one a column; those that are there already stay. Empty texts and nil are null.
insert into request_log (at, id, address, user_id, method, path, status, op, country, city)
select timestamptz 'epoch' + at * interval '1 microsecond', id, nullif(address, '')::inet,
       nullif(user_id, '00000000-0000-0000-0000-000000000000'), method, path, status, nullif(op, ''), nullif(country, ''),
       nullif(city, '')
  from unnest($1::bigint[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::integer[], $8::text[],
              $9::text[], $10::text[])
    as n (at, id, address, user_id, method, path, status, op, country, city)
on conflict do nothing;

-- name: request_log_prepare
-- Partitions from a day on, so many.
with made as (select request_log_prepare($1, $2) as n) select n from made;

-- name: blocks_edition
-- Changes with every change of the list.
select edition from address_blocks_edition;

-- name: blocks_all
-- Networks that are blocked, the latest first, at most $1: first address, length of the prefix, end in microseconds or null.
select host(network), masklen(network), (extract(epoch from expires_at) * 1000000)::bigint
  from address_blocks
 where expires_at is null or expires_at > now()
 order by created_at desc
 limit $1;

-- Statements of src/tracking.

-- name: request_log_copy
-- Rows of the log, none of which is there already.
copy request_log (at, id, address, user_id, method, path, status, op, country, city) from stdin (format binary);

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

-- name: block_forget_ended
-- A block of this network ($1) that has ended makes room for a new one.
delete from address_blocks where network = $1::text::cidr and expires_at <= now();

-- name: block_insert
-- Identifier, network, reason, seconds until it ends or null, who made it or null.
insert into address_blocks (id, network, reason, expires_at, created_by)
values ($1, $2::text::cidr, $3, now() + $4::bigint * interval '1 second', $5);

-- name: block_delete
-- A row when there was one.
delete from address_blocks where id = $1 returning 1;

-- name: address_flags_next
-- Flag the next hour, by more than so many requests; whether there was one.
with done as (select address_flags_next($1) as one) select one from done;

-- name: request_log_partitions
-- Partitions from yesterday on, so many days, and none older than $2 microseconds: how many were made and dropped.
with days as (select (now() at time zone 'UTC')::date - 1 as first),
made as (select request_log_prepare(first, $1) as n from days),
gone as (select request_log_drop(now() - $2::bigint * interval '1 microsecond') as n)
select (made.n + gone.n)::bigint from made, gone;

-- name: request_log_addresses
-- At most $2 rows older than $1 microseconds, by whole days, that have an address yet: time in microseconds, id, address.
select (extract(epoch from at) * 1000000)::bigint, id, host(address)
  from request_log
 where address is not null and at < date_trunc('day', now() - $1::bigint * interval '1 microsecond', 'UTC')
 order by host(address), at, id
 limit $2;

-- name: request_log_pseudonyms
-- Put pseudonyms in place of addresses: times in microseconds, ids, pseudonyms.
update request_log l set address = null, city = null, pseudonym = n.pseudonym
  from unnest($1::bigint[], $2::uuid[], $3::text[]) as n (at, id, pseudonym)
 where l.at = timestamptz 'epoch' + n.at * interval '1 microsecond' and l.id = n.id;

-- name: address_flags_addresses
-- The same of flags: hour in microseconds, id, address.
select (extract(epoch from hour) * 1000000)::bigint, id, host(address)
  from address_flags
 where address is not null and hour < date_trunc('day', now() - $1::bigint * interval '1 microsecond', 'UTC')
 order by host(address), hour, id
 limit $2;

-- name: address_flags_pseudonyms
update address_flags f set address = null, pseudonym = n.pseudonym
  from unnest($1::bigint[], $2::uuid[], $3::text[]) as n (hour, id, pseudonym)
 where f.id = n.id;

-- name: keep_all
-- At most $1 rows of each kind that nobody can use any more: how many in all. $2: idempotency_lifetime, $3: days of
-- quotes, $4: request_log_lifetime.
with gone as (
    select sessions_prune($1) + keep_mailed_tokens($1) + keep_oauth_codes($1) + keep_login_attempts($1)
         + keep_idempotency_keys($1, $2) + keep_quotes($1, $3) + keep_provider_events($1) + keep_address_blocks($1)
         + keep_address_flags($1, $4) as n)
select n from gone;

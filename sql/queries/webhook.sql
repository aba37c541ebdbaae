-- Statements of src/webhook.

-- name: webhook_endpoint_insert
-- $1 id, $2 user, $3 URL, $4 description, $5 types, $6 sealed secret, $7 how many a user may have. A row when it was made.
insert into webhook_endpoints (id, user_id, url, description, types, secret)
select $1, u.id, $3, $4, $5, $6
  from (select id from users where id = $2 for no key update) u
 where (select count(*) from webhook_endpoints o where o.user_id = u.id) < $7::int8
returning id;

-- name: webhook_endpoint_lock
-- $1 id, $2 user, $3 URL it is to have, or null -> version, status, types, whether its URL is another.
select version, status, case when types = '{}' then 'all' else array_to_string(types, ',') end, coalesce($3::text <> url, false)
  from webhook_endpoints where id = $1 and user_id = $2 for update;

-- name: webhook_endpoint_owned
-- $1 id, $2 user. A row when there is one.
select id from webhook_endpoints where id = $1 and user_id = $2;

-- name: webhook_endpoint_update
-- $1 id, then each null to leave it: $2 URL, $3 description, $4 types, $5 status. Whoever enables one wants it tried.
update webhook_endpoints
   set url = coalesce($2, url), description = coalesce($3, description), types = coalesce($4::text[], types), status = coalesce($5, status),
       failures = case when $5 = 'enabled' then 0 else failures end, open_until = case when $5 = 'enabled' then null else open_until end,
       version = version + 1, updated_at = now()
 where id = $1;

-- name: webhook_wake
-- What waits for an endpoint is looked at. $1: its id.
with added as materialized (select job_add('webhook-deliver', $1::uuid::text, jsonb_build_object('endpoint', $1::uuid)))
select count(*) from added;

-- name: webhook_endpoint_delete
-- $1 id, $2 user. A row when there was one.
delete from webhook_endpoints where id = $1 and user_id = $2 returning id;

-- name: webhook_endpoint_rotate
-- $1 id, $2 user, $3 sealed secret, $4 for how many microseconds the one before signs, too. A row when there is one.
update webhook_endpoints
   set old_secret = secret, old_until = nexus_now() + $4::int8 * interval '1 microsecond', secret = $3, version = version + 1, updated_at = now()
 where id = $1 and user_id = $2
returning id;

-- name: webhook_endpoint_ping
-- An event for one endpoint: $1 id, $2 user. A row when there is such a one and it is enabled.
insert into events_new (type, kind, subject, users, payload)
select 'webhook.test', 'webhook', e.id, array[e.user_id], '{}' from webhook_endpoints e where e.id = $1 and e.user_id = $2 and e.status = 'enabled'
returning seq;

-- name: webhook_replay
-- Send events again, or for the first time: $1 id, $2 user, $3 from which number on, $4 at most. -> whether there is such an
-- endpoint, how many.
with again as (
    insert into webhook_deliveries (endpoint_id, number, type, subject, next_at, created_at)
    select e.id, v.number, v.type, v.subject, nexus_now(), nexus_now()
      from webhook_endpoints e join event_readers r on r.user_id = e.user_id join events v on v.number = r.number
     where e.id = $1 and e.user_id = $2 and r.number >= $3::int8 and webhook_wants(e, v.type, v.subject)
     order by v.number limit $4::int8
        on conflict (endpoint_id, number) do update
           set status = 'waiting', attempts = 0, next_at = excluded.next_at, created_at = excluded.created_at, finished_at = null
         where webhook_deliveries.status <> 'waiting'
    returning 1),
woken as materialized (
    select job_add('webhook-deliver', e.id::text, jsonb_build_object('endpoint', e.id)) from webhook_endpoints e where e.id = $1 and e.user_id = $2)
select (select count(*) from woken) > 0, (select count(*) from again);

-- name: webhook_load
-- $1: an endpoint that is enabled -> URL, secret, the one before while it signs, microseconds until the breaker lets something through.
select url, secret, case when old_until > nexus_now() then old_secret end,
       greatest((extract(epoch from open_until - nexus_now()) * 1000000)::int8, 0)
  from webhook_endpoints where id = $1 and status = 'enabled';

-- name: webhook_due
-- What is to be sent to an endpoint now: $1, at most $2. What follows something of the same subject waits for that.
select d.number, v.id, v.type, v.kind, v.subject, v.payload::text, v.at, d.attempts, d.created_at < nexus_now() - interval '3 days'
  from webhook_deliveries d join events v on v.number = d.number
 where d.endpoint_id = $1 and d.status = 'waiting' and d.next_at <= nexus_now()
   and not exists (select from webhook_deliveries f
                    where f.endpoint_id = d.endpoint_id and f.subject = d.subject and f.status = 'waiting' and f.number < d.number)
 order by d.number limit $2::int8;

-- name: webhook_record
-- What came of an attempt: $1 endpoint, $2 number, $3 what the delivery is now, $4 microseconds until it is tried again, $5 HTTP
-- status, $6 what is noted, $7 whether the endpoint did its part. Five failures in a row close it for a minute, each further one for twice as long.
with noted as (
    update webhook_deliveries
       set status = $3, attempts = attempts + 1, next_at = nexus_now() + $4::int8 * interval '1 microsecond', http_status = $5,
           finished_at = case when $3 <> 'waiting' then nexus_now() end,
           log = case when jsonb_array_length(log) >= 10 then log - 0 else log end || $6::text::jsonb
     where endpoint_id = $1 and number = $2 and status = 'waiting')
update webhook_endpoints
   set failures = case when $7 then 0 else failures + 1 end,
       open_until = case when $7 or failures < 4 then null
                         else nexus_now() + least(60 * power(2, least(failures - 4, 10)), 3600) * interval '1 second' end
 where id = $1
returning open_until is not null;

-- name: webhook_gone
-- The endpoint does not want to be called any more.
with ended as (
    update webhook_deliveries set status = 'cancelled', finished_at = nexus_now() where endpoint_id = $1 and status = 'waiting')
update webhook_endpoints set status = 'gone', version = version + 1, updated_at = now() where id = $1;

-- name: webhook_next
-- In how many microseconds there is something to be sent to an endpoint; null: nothing waits.
select (extract(epoch from greatest(min(d.next_at), max(e.open_until)) - nexus_now()) * 1000000)::int8
  from webhook_endpoints e join webhook_deliveries d on d.endpoint_id = e.id and d.status = 'waiting'
 where e.id = $1 and e.status = 'enabled'
   and not exists (select from webhook_deliveries f
                    where f.endpoint_id = d.endpoint_id and f.subject = d.subject and f.status = 'waiting' and f.number < d.number);

-- Statements of src/jobs.

-- name: job_add
-- $1 job, $2 key, $3 payload (JSON text), $4 microseconds until it is due, $5 version of the payload.
with added as materialized (
    select job_add($1, $2, $3::text::jsonb, nexus_now() + $4::int8 * interval '1 microsecond', $5))
select count(*) from added;

-- name: jobs_claim
-- Take what is due: see the migration. In the order in which it is to be run.
with taken as materialized (select * from jobs_claim($1, $2, $3, $4, $5, $6))
select id, job, key, payload::text, version, claims, attempts, run_at, leased_until, nexus_now()
  from taken order by array_position($1, job), run_at, number;

-- name: jobs_end
with done as materialized (select jobs_end($1, $2)) select count(*) from done;

-- name: job_keep
-- $3: for how many microseconds more; null gives it back.
with done as materialized (select job_keep($1, $2, $3::int8 * interval '1 microsecond')) select count(*) from done;

-- name: job_fail
-- $3 what went wrong, $4 microseconds until it is tried again, null for never.
with done as materialized (select job_fail($1, $2, $3, $4::int8 * interval '1 microsecond') as mine) select mine from done;

-- name: jobs_left
-- How many rows of the named jobs, up to the versions $2, are due or are being run, are not paused, and wait for
-- no other row of their key.
select count(*) from jobs j join unnest($1, $2) k(name, version) on k.name = j.job and j.version <= k.version
 where (j.run_at <= nexus_now() or j.leased_until is not null)
   and not exists (select from job_pauses p where p.job = j.job)
   and not (j.ordered and exists (select from jobs e where e.ordered and e.job = j.job and e.key = j.key and e.number < j.number));

-- name: job_kinds_set
with done as materialized (select job_kinds_set($1::text::jsonb)) select count(*) from done;

-- name: job_probe
insert into job_probes (job_id, number, attempt, key) values ($1, $2, $3, $4);

-- name: schedules_read
-- Business time, and each schedule with its next time; one row at least. $1 is not looked at.
select nexus_now(), s.name, s.next_at from (select $1::int4) x left join job_schedules s on true;

-- name: schedule_move
-- Schedule $1 of job $2 comes from $3 (null: it is new) to $4, and is started for each time of $5 (Unix seconds), unless somebody
-- else has moved it meanwhile.
with moved as materialized (
    insert into job_schedules (name, job, next_at, last_at)
    values ($1, $2, $4, (select to_timestamp(max(t)) from unnest($5::int8[]) t))
        on conflict (name) do update set job = excluded.job, next_at = excluded.next_at,
                                         last_at = coalesce(excluded.last_at, job_schedules.last_at)
           where job_schedules.next_at is not distinct from $3
    returning name),
started as materialized (
    select job_add($2, $1, null, to_timestamp(t)) from moved, unnest($5::int8[]) t)
select count(*) from started;

-- name: jobs_enter
-- A number for this session, which is alive as long as its lock is held.
with n as materialized (select nextval('job_runners')::int4 as n)
select n, pg_try_advisory_lock(1853125889, n) from n;

-- name: jobs_sleep
-- Told of new rows from now on, if nobody else sleeps in this way. To be followed by a look for rows.
with bell as materialized (select pg_try_advisory_lock(jobs_bell()) as got) select got from bell;

-- name: jobs_wake
-- The others are woken too, so that one of them sleeps in this way.
with awake as materialized (select pg_advisory_unlock(jobs_bell()), pg_notify('nexus_jobs', '')) select count(*) from awake;

-- name: jobs_lead
-- Whether this session leads: one at a time, until it ends. When it says nothing for three seconds the server ends it: others,
-- who ask every second, lead within five.
with lead as materialized (
    select pg_try_advisory_lock(jobs_bell() + 1) as got, set_config('idle_session_timeout', '3s', false))
select got from lead;

-- name: jobs_release
with freed as materialized (select jobs_release() as n) select n from freed;

-- name: jobs_next
-- In how many microseconds the next row of the named jobs is due; null when none waits. What is late counts as now.
select (extract(epoch from min(n.run_at) - nexus_now()) * 1000000)::int8
  from unnest($1::text[]) k(name)
       cross join lateral (select j.run_at from jobs j where j.job = k.name and j.published_at is null and j.run_at > nexus_now()
                            order by j.run_at, j.number limit 1) n;

-- name: jobs_state
-- Of each job: how many wait, are due, are run, are dead, whether it is paused, and for how many seconds the oldest is due. $1 is
-- not looked at.
select name, waiting, due, running, dead, (paused_at is not null)::int::int8, oldest from job_states where $1::int4 is not null order by name;

-- name: jobs_unpublished
select id, job, key, payload::text, version, claims from jobs_unpublished($1, $2, $3::int4);

-- name: jobs_published
-- Rows $1, taken $2 times when they were published, are with the broker.
with mine as materialized (
    select j.id from jobs j join unnest($1::uuid[], $2::int4[]) d(id, claims) on j.id = d.id and j.claims = d.claims
     where j.leased_until is null order by j.id for no key update of j)
update jobs j set published_at = clock_timestamp() from mine m where j.id = m.id;

-- name: jobs_take
with taken as materialized (select * from jobs_take($1, $2, $3, $4, $5))
select id, job, key, payload::text, version, claims, attempts, run_at, leased_until, nexus_now()
  from taken order by array_position($2, job), run_at, number;

-- name: jobs_lost
-- What the broker has for longer than $1 microseconds and nobody runs is published again.
with again as (
    update jobs set published_at = null
     where published_at < clock_timestamp() - $1::int8 * interval '1 microsecond'
       and (leased_until is null or leased_until < clock_timestamp())
    returning 1)
select count(*) from again;

-- name: jobs_relay
-- Whether this session is the relay: one at a time, until it ends.
with lead as materialized (
    select pg_try_advisory_lock(jobs_bell() + 2) as got, set_config('idle_session_timeout', '20s', false))
select got from lead;

-- name: job_hold
-- $1: a row that waits, is run or is dead -> what it is, for the audit log; null when there is none.
select job_hold($1)::text;

-- name: job_retry
-- $1 -> whether it was dead or waiting.
select job_retry($1);

-- name: job_discard
select job_discard($1);

-- name: job_pause
-- $1: name of a job -> whether it was not paused.
select job_pause($1);

-- name: job_resume
select job_resume($1);

-- name: schedules_list
-- $1 is not looked at.
select name, next_at, last_at from job_schedules where $1::int4 is not null;

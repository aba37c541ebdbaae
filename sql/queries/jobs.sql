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
-- How many rows of the named jobs, up to the versions $2, are due or are being run, and are not paused.
select count(*) from jobs j join unnest($1, $2) k(name, version) on k.name = j.job and j.version <= k.version
 where (j.run_at <= nexus_now() or j.leased_until is not null)
   and not exists (select from job_pauses p where p.job = j.job);

-- name: job_kinds_set
with done as materialized (select job_kinds_set($1::text::jsonb)) select count(*) from done;

-- name: job_probe
insert into job_probes (job_id, number, attempt, key) values ($1, $2, $3, $4);

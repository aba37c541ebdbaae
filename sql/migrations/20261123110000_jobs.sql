-- Background jobs: what waits, what has failed for good, what is paused, when schedules are due.
--
-- A job is a row of `jobs`, written in the transaction of what it is about. Whoever runs it takes it for a while (claim); its
-- row goes in the transaction of its effect, so the effect is there exactly when the row is gone. A claim that was lost to
-- somebody else is noticed there: `claims` is the number the row was taken with.

-- What the program says of its jobs (src/jobs/jobs.def), kept by `nexusctl migrate` and nexus-jobs.
create table job_kinds (
    name    text    constraint job_kinds_pkey primary key,
    ordered boolean not null, -- rows of one key run one after the other, as they were added
    single  boolean not null  -- one waiting row a key
);

create table job_pauses (
    job       text        constraint job_pauses_pkey primary key,
    paused_at timestamptz not null default now()
);

create table jobs (
    id           uuid        constraint jobs_pkey primary key default uuid_v7(),
    number       bigint      generated always as identity,
    job          text        not null constraint jobs_job_form check (job ~ '^[a-z][a-z0-9-]{0,59}$'),
    key          text        not null constraint jobs_key_length check (length(key) <= 200),
    single       text,       -- the key, while it is the one row of it that waits
    ordered      boolean     not null default false,
    version      integer     not null constraint jobs_version_range check (version > 0), -- of the payload
    attempts     integer     not null default 0,
    claims       integer     not null default 0,
    leased_by    integer,    -- the runner that has it
    created_at   timestamptz not null default now(),
    run_at       timestamptz not null, -- business time
    leased_until timestamptz, -- real time; then anybody may take it
    published_at timestamptz, -- the broker has it since
    payload      jsonb,
    history      jsonb       not null default '[]' -- of attempts that failed
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
-- Taking a row changes no column that is in an index, so that it stays where it is.
create index jobs_due_idx on jobs (job, run_at, number) where published_at is null;
create index jobs_ordered_idx on jobs (job, key, number) where ordered;
create unique index jobs_single_key on jobs (job, single) where single is not null;
create index jobs_published_idx on jobs (published_at) where published_at is not null;

create table jobs_dead (
    id         uuid        constraint jobs_dead_pkey primary key,
    number     bigint      not null,
    job        text        not null,
    key        text        not null,
    version    integer     not null,
    attempts   integer     not null,
    created_at timestamptz not null,
    died_at    timestamptz not null default now(),
    payload    jsonb,
    history    jsonb       not null
);
create index jobs_dead_job_idx on jobs_dead (job, died_at, id);
create index jobs_dead_died_idx on jobs_dead (died_at, id);

create table job_schedules (
    name    text        constraint job_schedules_pkey primary key,
    job     text        not null,
    next_at timestamptz not null, -- business time
    last_at timestamptz           -- the run that was started last
);

-- What probes leave (src/jobs/probe.c).
create table job_probes (
    id      bigint      generated always as identity constraint job_probes_pkey primary key,
    job_id  uuid        not null,
    number  bigint      not null,
    attempt integer     not null,
    key     text        not null,
    ran_at  timestamptz not null default clock_timestamp()
);

create sequence job_runners as integer cycle; -- leased_by

-- Who has nothing to do sleeps holding this advisory lock, and is told of new rows; while nobody sleeps a NOTIFY, which makes
-- commits go one after the other, is saved. A writer has the lock shared until it has committed, so nobody falls asleep over its row.
create function jobs_bell() returns bigint language sql immutable parallel safe as 'select 5647091720253728865';

-- Add a job in the writer's own transaction.
create function job_add(job text, key text, payload jsonb, run_at timestamptz default null, version integer default 1)
returns void language plpgsql as $$
#variable_conflict use_column
declare
    kind job_kinds;
    due  timestamptz := coalesce(job_add.run_at, nexus_now());
begin
    select * into kind from job_kinds k where k.name = job_add.job;
    if kind.single then
        -- The row that waits is locked, so that it does not run before what it is about now is there.
        insert into jobs (job, key, single, ordered, version, run_at, payload)
        values (job_add.job, job_add.key, job_add.key, kind.ordered, job_add.version, due, job_add.payload)
            on conflict (job, single) where single is not null do update
               set run_at = case when jobs.attempts > 0 then jobs.run_at else least(jobs.run_at, excluded.run_at) end,
                   payload = excluded.payload, version = excluded.version;
    else
        insert into jobs (job, key, ordered, version, run_at, payload)
        values (job_add.job, job_add.key, coalesce(kind.ordered, false), job_add.version, due, job_add.payload);
    end if;
    if due < nexus_now() + interval '1 second' and not pg_try_advisory_xact_lock_shared(jobs_bell()) then
        perform pg_notify('nexus_jobs', '');
    end if;
end $$;

-- Take at most `most` rows that are due, of the named jobs in that order, each for so many microseconds. Rows of a version
-- that is not known wait. The planner must not learn from a table that happens to be empty.
create function jobs_claim(names text[], versions integer[], leases bigint[], most_each integer[], most integer, runner integer)
returns setof jobs language plpgsql set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    return query
    with due as materialized (
        select c.id, w.lease
          from unnest(names, versions, leases, most_each) with ordinality w(job, version, lease, most_of, place)
               cross join lateral (
                   select q.id from jobs q
                    where q.job = w.job and q.published_at is null and q.run_at <= nexus_now() and q.version <= w.version
                      and (q.leased_until is null or q.leased_until < clock_timestamp())
                      and (not q.ordered or not exists (select from jobs e where e.ordered and e.job = q.job and e.key = q.key
                                                                              and e.number < q.number))
                    order by q.run_at, q.number limit w.most_of for no key update skip locked) c
         where not exists (select from job_pauses p where p.job = w.job)
         limit most)
    update jobs j
       set attempts = j.attempts + 1, claims = j.claims + 1, leased_by = runner, single = null,
           leased_until = clock_timestamp() + due.lease * interval '1 microsecond'
      from due where j.id = due.id
    returning j.*;
end $$;

-- With a broker: what is to be published, in the order of the names; of ordered jobs the first of each key.
create function jobs_unpublished(names text[], versions integer[], most integer)
returns setof jobs language plpgsql stable set enable_seqscan = off set enable_bitmapscan = off as $$
begin
    return query
    select c.*
      from unnest(names, versions) with ordinality w(job, version, place)
           cross join lateral (
               select q.* from jobs q
                where q.job = w.job and q.published_at is null and q.run_at <= nexus_now() and q.version <= w.version
                  and q.leased_until is null
                  and (not q.ordered or not exists (select from jobs e where e.ordered and e.job = q.job and e.key = q.key
                                                                          and e.number < q.number))
                order by q.run_at, q.number limit most) c
     where not exists (select from job_pauses p where p.job = w.job)
     limit most;
end $$;

-- With a broker: take the rows whose messages have come. Who is run by somebody else is left alone, whose turn it is not goes
-- back to those that are to be published, and what is no more was done before.
create function jobs_take(ids uuid[], names text[], versions integer[], leases bigint[], runner integer)
returns setof jobs language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    return query
    update jobs j
       set attempts = j.attempts + 1, claims = j.claims + 1, leased_by = runner, single = null,
           leased_until = clock_timestamp() + w.lease * interval '1 microsecond'
      from (select d.id, k.lease
              from jobs d join unnest(names, versions, leases) k(name, version, lease) on k.name = d.job and d.version <= k.version
             where d.id = any (ids) and d.run_at <= nexus_now() and (d.leased_until is null or d.leased_until < clock_timestamp())
               and not exists (select from job_pauses p where p.job = d.job)
             order by d.id for no key update of d) w
     where j.id = w.id
    returning j.*;
    update jobs set published_at = null, run_at = greatest(run_at, nexus_now() + interval '1 second')
     where id = any (ids) and leased_until is null and published_at is not null;
end $$;

-- The effect of these is about to be committed; `taken` is the claim each was run under.
create function jobs_end(ids uuid[], taken integer[]) returns void
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
    gone integer;
begin
    delete from jobs j using unnest(ids, taken) d(id, claims) where j.id = d.id and j.claims = d.claims;
    get diagnostics gone = row_count;
    if gone <> cardinality(ids) then
        raise exception 'a job was taken by somebody else' using errcode = 'NX020';
    end if;
end $$;

-- A job that has more to do keeps its row for so much longer, or gives it back (lease null) without having used an attempt.
create function job_keep(of uuid, taken integer, lease interval) returns void language plpgsql as $$
begin
    update jobs set leased_until = clock_timestamp() + lease, leased_by = case when lease is not null then leased_by end,
                    published_at = case when lease is not null then published_at end,
                    attempts = case when lease is null then attempts - 1 else attempts end
     where id = of and claims = taken;
    if not found then
        raise exception 'a job was taken by somebody else' using errcode = 'NX020';
    end if;
end $$;

create function job_bury(j jobs, past jsonb) returns void language sql as $$
    insert into jobs_dead (id, number, job, key, version, attempts, created_at, payload, history)
    values (j.id, j.number, j.job, j.key, j.version, j.attempts, j.created_at, j.payload, past);
    delete from jobs where id = j.id;
$$;

-- An attempt has failed: it is tried again after the pause, or not any more (pause null). One of a single job whose key waits
-- again leaves what is to be done, and its past, to that row. Whether it was still the caller's.
create function job_fail(of uuid, taken integer, said text, pause interval) returns boolean language plpgsql as $$
declare
    j    jobs;
    past jsonb;
    due  timestamptz := nexus_now() + pause;
begin
    select * into j from jobs where id = of and claims = taken for update;
    if not found then
        return false;
    end if;
    past := j.history || jsonb_build_object('attempt', j.attempts, 'at', now(), 'error', left(said, 500));
    if pause is null then
        perform job_bury(j, past);
        return true;
    end if;
    if exists (select from job_kinds k where k.name = j.job and k.single) then
        update jobs o set attempts = greatest(o.attempts, j.attempts), run_at = greatest(o.run_at, due), history = past || o.history
         where o.job = j.job and o.single = j.key;
        if found then
            delete from jobs where id = of;
            return true;
        end if;
    end if;
    update jobs set leased_until = null, leased_by = null, published_at = null, run_at = due, history = past where id = of;
    return true;
end $$;

-- What a runner had that is no more is free again: each holds an advisory lock on its number. How many rows. Those that were
-- tried before wait a while, lest they are what it died of.
create function jobs_release() returns bigint language sql as $$
    with freed as (
        update jobs
           set leased_until = null, leased_by = null, published_at = null,
               run_at = case when attempts > 1 then greatest(run_at, nexus_now() + least(attempts, 60) * interval '1 second') else run_at end,
               history = history || jsonb_build_object('attempt', attempts, 'at', now(), 'error', 'its runner has died')
         where leased_by is not null
           and not exists (select from pg_locks l where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())
                                                    and l.classid = 1853125889 and l.objid = leased_by and l.objsubid = 2)
        returning 1)
    select count(*) from freed
$$;

-- A dead one once more, from its first attempt on. Whether there is such a one.
create function job_revive(of uuid) returns boolean language plpgsql as $$
declare
    d jobs_dead;
begin
    delete from jobs_dead where id = of returning * into d;
    if not found then
        return false;
    end if;
    insert into jobs (id, job, key, ordered, version, run_at, created_at, payload, history)
    values (d.id, d.job, d.key, coalesce((select k.ordered from job_kinds k where k.name = d.job), false), d.version, nexus_now(), d.created_at,
            d.payload, d.history);
    perform pg_notify('nexus_jobs', '');
    return true;
end $$;

-- By hand: a dead one once more, a waiting one at once. And a dead or waiting one not any more. Whether there was such a one.
create function job_retry(of uuid) returns boolean language plpgsql as $$
begin
    if job_revive(of) then
        return true;
    end if;
    update jobs set run_at = least(run_at, nexus_now()) where id = of and leased_until is null;
    if found then
        perform pg_notify('nexus_jobs', '');
        return true;
    end if;
    return false;
end $$;
create function job_discard(of uuid) returns boolean language plpgsql as $$
begin
    delete from jobs_dead where id = of;
    if not found then
        delete from jobs where id = of and (leased_until is null or leased_until < clock_timestamp());
    end if;
    return found;
end $$;

-- Everything there is of them: what waits, what is run, what is dead.
create view job_rows as
    select id, job, key, case when leased_until is not null then 'running' when run_at <= nexus_now() then 'due' else 'waiting' end as state,
           version, attempts, created_at, run_at, null::timestamptz as died_at, leased_until, leased_by, published_at, payload, history, number
      from jobs
    union all
    select id, job, key, 'dead', version, attempts, created_at, null, died_at, null, null, null, payload, history, number
      from jobs_dead;

-- $1: [{"name":, "ordered":, "single":}...], all there are.
create function job_kinds_set(kinds jsonb) returns void language sql as $$
    insert into job_kinds (name, ordered, single)
    select k->>'name', (k->>'ordered')::boolean, (k->>'single')::boolean from jsonb_array_elements(kinds) k
        on conflict (name) do update set ordered = excluded.ordered, single = excluded.single
           where (job_kinds.ordered, job_kinds.single) is distinct from (excluded.ordered, excluded.single);
$$;

grant select, insert, update, delete on job_kinds, job_pauses, jobs, jobs_dead, job_schedules, job_probes to nexus_api;
grant select on job_rows to nexus_api;
grant usage on sequence job_runners to nexus_api;

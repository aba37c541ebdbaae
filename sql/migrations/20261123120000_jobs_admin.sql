-- Background jobs as administrators see and change them, in the API and in the shell.

alter table job_kinds add column queue text not null default 'normal' constraint job_kinds_queue_form check (queue in ('urgent', 'normal', 'bulk')),
                      add column doc   text not null default '',
                      add column lease integer not null default 90; -- for how many seconds a row is taken at a time

-- $1: [{"name":, "ordered":, "single":, "queue":, "doc":, "lease":}...], all there are.
create or replace function job_kinds_set(kinds jsonb) returns void language sql as $$
    insert into job_kinds (name, ordered, single, queue, doc, lease)
    select k->>'name', (k->>'ordered')::boolean, (k->>'single')::boolean, coalesce(k->>'queue', 'normal'), coalesce(k->>'doc', ''),
           coalesce((k->>'lease')::integer, 90)
      from jsonb_array_elements(kinds) k
        on conflict (name) do update set ordered = excluded.ordered, single = excluded.single, queue = excluded.queue, doc = excluded.doc,
                                         lease = excluded.lease
           where (job_kinds.ordered, job_kinds.single, job_kinds.queue, job_kinds.doc, job_kinds.lease)
                 is distinct from (excluded.ordered, excluded.single, excluded.queue, excluded.doc, excluded.lease);
$$;

-- What people may see of a payload: numbers, and texts that are an identifier or a name of ours. Anything else may be about
-- somebody, or open something.
create function job_payload_shown(value jsonb) returns jsonb language plpgsql immutable as $$
declare
    said text := value #>> '{}';
begin
    return case jsonb_typeof(value)
        when 'object' then (select coalesce(jsonb_object_agg(m.key, case when audit_has_secret(jsonb_build_object(m.key, 0)) then to_jsonb('(hidden)'::text)
                                                                          else job_payload_shown(m.value) end), '{}') from jsonb_each(value) m)
        when 'array' then (select coalesce(jsonb_agg(job_payload_shown(m.value) order by m.place), '[]')
                             from jsonb_array_elements(value) with ordinality m(value, place))
        when 'string' then case when said ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' or said ~ '^\d{4}-\d\d-\d\d$'
                                     or length(said) <= 40 and said ~ '^[a-z]{1,20}([._-][a-z0-9]{1,20})*$'
                                then value else to_jsonb('(hidden)'::text) end
        else value end;
end $$;

-- Sentences of servers may repeat an address or a URL.
create function job_error_shown(said text) returns text language sql immutable as $$
    select regexp_replace(regexp_replace(said, '[^[:space:]<>"''(),;:]+@[^[:space:]<>"''(),;:]+', '(hidden)', 'g'),
                          '(https?://)[^[:space:]<>"'']+', '\1(hidden)', 'g')
$$;
create function job_history_shown(history jsonb) returns jsonb language sql immutable as $$
    select coalesce(jsonb_agg(h.value || jsonb_build_object('error', job_error_shown(h.value->>'error')) order by h.place), '[]')
      from jsonb_array_elements(history) with ordinality h(value, place)
$$;

drop view job_rows;
create view job_rows as
    select j.id, j.job, coalesce((select k.queue from job_kinds k where k.name = j.job), 'normal') as queue, j.key,
           case when j.leased_until is not null then 'running' when j.run_at <= nexus_now() then 'due' else 'waiting' end as state,
           j.version, j.attempts, j.created_at, j.run_at, null::timestamptz as died_at,
           j.leased_until - coalesce((select k.lease from job_kinds k where k.name = j.job), 90) * interval '1 second' as started_at,
           j.leased_until, j.leased_by, j.published_at,
           job_error_shown(j.history->-1->>'error') as error, job_payload_shown(j.payload) as payload, job_history_shown(j.history) as history, j.number
      from jobs j
    union all
    select d.id, d.job, coalesce((select k.queue from job_kinds k where k.name = d.job), 'normal'), d.key, 'dead', d.version, d.attempts,
           d.created_at, null, d.died_at, null, null, null, null, job_error_shown(d.history->-1->>'error'), job_payload_shown(d.payload),
           job_history_shown(d.history), d.number
      from jobs_dead d;

-- Of each job: how many wait, are due, are run, wait after a failure, are dead; for how many seconds the oldest is due.
create view job_states as
    with waiting as (
        select j.job, count(*) filter (where leased_until is null) as waiting,
               count(*) filter (where leased_until is null and run_at <= nexus_now()) as due,
               count(leased_until) as running,
               count(*) filter (where leased_until is null and attempts > 0) as failing,
               coalesce(greatest(extract(epoch from nexus_now() - min(run_at) filter (where leased_until is null)), 0), 0)::bigint as oldest
          from jobs j group by j.job),
    dead as (
        select d.job, count(*) as dead from jobs_dead d group by d.job)
    select n.name, coalesce(k.doc, '') as doc, coalesce(k.queue, 'normal') as queue, coalesce(k.ordered, false) as ordered, p.paused_at,
           coalesce(w.waiting, 0) as waiting, coalesce(w.due, 0) as due, coalesce(w.running, 0) as running, coalesce(w.failing, 0) as failing,
           coalesce(d.dead, 0) as dead, coalesce(w.oldest, 0) as oldest
      from (select name from job_kinds union select job from waiting union select job from dead) n
           left join job_kinds k on k.name = n.name left join job_pauses p on p.job = n.name
           left join waiting w on w.job = n.name left join dead d on d.job = n.name;

-- A row that is to be changed by hand, which waits meanwhile; null when there is none.
create function job_hold(of uuid) returns jsonb language plpgsql as $$
begin
    perform from jobs where id = of for no key update;
    perform from jobs_dead where id = of for update;
    return (select jsonb_build_object('job', job, 'state', state, 'attempts', attempts) from job_rows where id = of);
end $$;

-- Whether something has changed.
create function job_pause(of text) returns boolean language plpgsql as $$
begin
    insert into job_pauses (job) values (of) on conflict do nothing;
    return found;
end $$;
create function job_resume(of text) returns boolean language plpgsql as $$
begin
    delete from job_pauses where job = of;
    if found then
        perform pg_notify('nexus_jobs', '');
        return true;
    end if;
    return false;
end $$;

grant select on job_rows, job_states to nexus_api;

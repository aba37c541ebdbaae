"""Who leads the schedules: two nexus-jobs on one database, one of which is killed or frozen again and again."""
import os
import signal
import socket

import pytest

from stack import Another, children, private_stack, wait_until

KILLS = 12

# Every run that is started is noted, with the session that has started it; and every row that is asked for, also where one waits already.
WATCH = """
create table started (name text, was timestamptz, due timestamptz, next timestamptz, session integer, at timestamptz default clock_timestamp());
create table asked (name text, at timestamptz default clock_timestamp());
create function note_start() returns trigger language plpgsql security definer as $$ begin
    insert into started (name, was, due, next, session) values (new.name, old.next_at, new.last_at, new.next_at, pg_backend_pid()); return null; end $$;
create function note_row() returns trigger language plpgsql security definer as $$ begin
    insert into asked (name) values (new.key); return new; end $$;
create trigger note_start after update on job_schedules for each row execute function note_start();
create trigger note_row before insert on jobs for each row execute function note_row();
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def stack():
    with private_stack({"sandbox": "yes"}, jobs=False) as private:
        for (job,) in private.query("select name from job_kinds"):
            private.query("select job_pause(%s)", job)  # what is started waits
        private.query(WATCH)
        yield private


@pytest.fixture(scope="module")
def pair(stack):
    made = []
    for name in "ab":
        address = f"127.0.0.1:{free_port()}"
        made.append(Another(stack, "nexus-jobs", f"jobs-{name}", jobs_metrics_listen=address, job_runners=1))
        made[-1].metrics = f"http://{address}/metrics"
        made[-1].start()
        wait_until(lambda: leader(stack), 30, "a leader")  # the first to be started leads
    yield made
    for program in made:
        program.kill()


def leader(stack):
    """The session that leads."""
    found = stack.query("select pid from pg_locks where locktype = 'advisory' and granted and (classid::bigint << 32 | objid::bigint) = jobs_bell() + 1")
    return found[0][0] if found else None


def seconds_until_another(stack, session, since, deadline=30):
    """How long after `since` somebody else than that session has started a run."""
    def first():
        return stack.query("select extract(epoch from min(at) - %s)::float from started where session <> %s and at > %s having count(*) > 0",
                           since, session, since)
    return wait_until(first, deadline, "another leader")[0][0]


def hours(stack):
    return [row[0] for row in stack.query("select due from started where name = 'payout' order by at")]


def test_the_next_leads_within_five_seconds_and_no_run_is_lost_or_doubled(stack, pair):
    wait_until(lambda: stack.query("select 1 from started where name = 'event-sequence'"), 30, "the first run")
    leading, following = pair
    took = []
    for number in range(KILLS):
        session, [(now,)] = leader(stack), stack.query("select clock_timestamp()")
        leading.kill()
        # An hour passes while nobody leads.
        stack.query("insert into sandbox_clock (shift) values ('1 hour') on conflict (one) do update set shift = sandbox_clock.shift + '1 hour'")
        took.append(seconds_until_another(stack, session, now))
        wait_until(lambda n=number: len(hours(stack)) == n + 1, 30, "the hour's run")
        leading.start()
        leading, following = following, leading
    assert max(took) <= 5, took
    found = hours(stack)
    assert len(found) == len(set(found)) == KILLS  # one for each hour
    assert {int((after - before).total_seconds()) for before, after in zip(found, found[1:])} == {3600}
    assert stack.query("select count(*) from asked where name = 'payout'") == [(KILLS,)]
    judge_chain(stack)


def judge_chain(stack):
    """Each schedule goes on from where it was, whoever leads: nothing is passed over and nothing started twice."""
    broken = stack.query("select name, was, before from (select name, was, lag(next) over (partition by name order by at) as before from started) s"
                         " where before is not null and was <> before")
    assert broken == []
    assert stack.query("select name, due from started group by name, due having count(*) > 1") == []
    counts = stack.query("select (select count(*) from started where due is not null), (select count(*) from asked where name in (select name from started))")
    assert counts[0][0] == counts[0][1]


def test_a_leader_that_hangs_is_replaced_and_does_no_harm_when_it_wakes(stack, pair):
    def leads(program):
        return stack.metrics(program.metrics)["nexus_job_leader"] == 1

    wait_until(lambda: sorted(map(leads, pair)) == [False, True], 30, "one leader")
    [hung] = filter(leads, pair)
    family = [hung.process.pid, *children(hung.process.pid)]
    session, [(now,)] = leader(stack), stack.query("select clock_timestamp()")
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    try:
        took = seconds_until_another(stack, session, now)
    finally:
        for pid in family:
            os.kill(pid, signal.SIGCONT)
    assert took <= 8  # five on a machine that is not busy: three of silence, and a second until the next look
    wait_until(lambda: not leads(hung), 30, "it to see that somebody else leads")
    judge_chain(stack)

"""Kills relay, runners, scheduler, supervisor and broker under load, then counts: no job lost, no effect doubled.

    kills.py [--kills N] [--seed N] [--no-broker] [--runners N]
"""
import argparse
import contextlib
import os
import pathlib
import random
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from stack import children, private_stack, title, wait_until  # noqa: E402

# Of a hundred kills: the broker takes seconds to come back, the supervisor takes all others with it.
WEIGHTS = {"runner": 60, "relay": 25, "scheduler": 10, "supervisor": 3, "rabbitmq": 2}
# Who dies again and again is replaced after five seconds: there must be others to kill meanwhile. Up to so many die at once.
RUNNERS, AT_ONCE = 10, 4
BACKLOG = 500  # rows that wait at most, lest the end takes longer than the rest


class Writer(threading.Thread):
    """Adds jobs until it is told to stop, some of which fail once and some of which are ordered, so that there always are some to be done."""

    def __init__(self, stack):
        super().__init__(daemon=True)
        self.stack, self.stopped, self.count = stack, False, 0

    def run(self):
        with contextlib.closing(self.stack.db("nexus_api")) as connection, connection.cursor() as cursor:
            while not self.stopped:
                cursor.execute("select count(*) from jobs where job like 'probe%'")
                if cursor.fetchone()[0] > BACKLOG:
                    time.sleep(0.1)
                    continue
                cursor.execute("select job_add(case when n %% 5 = 0 then 'probe-ordered' else 'probe' end, (n %% 7)::text,"
                               " jsonb_build_object('number', n, 'sleep_ms', n %% 60, 'fail', case when n %% 97 = 0 then 1 else 0 end))"
                               " from generate_series(%s::bigint, %s) n", (self.count, self.count + 4))
                self.count += 5
                time.sleep(0.04)


def victims(stack, role):
    if role in ("supervisor", "rabbitmq"):
        return [pid for pid in [stack.pid("jobs" if role == "supervisor" else role)] if pid]
    return [pid for pid in children(stack.pid("jobs")) if title(pid).startswith(f"nexus-jobs: {role}")]


def kill_some(stack, role, most):
    """How many there were to kill."""
    pids = victims(stack, role)
    pids = random.sample(pids, min(len(pids), most))
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if pids and role == "supervisor":
        stack.start("jobs")
    elif pids and role == "rabbitmq":
        stack.start("rabbitmq")
    return len(pids)


def race(kills, broker, runners):
    done = dict.fromkeys(WEIGHTS, 0)
    with private_stack({"job_runners": str(runners)}, broker=broker) as stack:
        stack.stop("api", "nginx")
        writer = Writer(stack)
        writer.start()
        while sum(done.values()) < kills:
            assert writer.is_alive() and (stack.pid("rabbitmq") or not broker)
            role = random.choices(list(WEIGHTS), WEIGHTS.values())[0]
            done[role] += kill_some(stack, role, min(random.randint(1, AT_ONCE), kills - sum(done.values())))
            time.sleep(random.uniform(0, 0.1))
        writer.stopped = True
        writer.join()
        # Attempts that were cut off wait for their next one; nobody has to wait for that here.
        def over():
            stack.query("update jobs set run_at = now() where job like 'probe%' and leased_until is null and run_at > now()")
            return not stack.query("select 1 from jobs where job like 'probe%' limit 1")
        wait_until(over, 900, "all jobs to be done", 0.5)
        # What cost so many of them the life that it was given up is among the dead, and still good.
        dead = stack.query("select count(*) from jobs_dead")[0][0]
        for (name,) in stack.query("select distinct job from jobs_dead"):
            stack.ctl("jobs", "retry", "--dead", name)
        wait_until(over, 900, "jobs that were given up to be done", 0.5)
        [(effects, distinct, again)] = stack.query(
            "select (select count(*) from job_probes), (select count(distinct number) from job_probes),"
            " (select count(*) from job_probes where attempt > 1 and number % 97 <> 0)")
    return {"kills": done, "jobs": writer.count, "effects": effects, "distinct": distinct, "given up": dead, "taken up again": again}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-broker", action="store_true")
    parser.add_argument("--runners", type=int, default=RUNNERS)
    args = parser.parse_args()
    random.seed(args.seed)
    result = race(args.kills, not args.no_broker, args.runners)
    print(result)
    fine = result["jobs"] == result["effects"] == result["distinct"] > 0
    print("nothing lost, nothing doubled" if fine else "LOST OR DOUBLED")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())

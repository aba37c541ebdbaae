"""Kills relay, runners, scheduler, supervisor and broker under load, then counts: no job lost, no effect doubled.

    kills.py [--kills N] [--seed N] [--no-broker]
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


class Writer(threading.Thread):
    """Adds jobs until it is told to stop, some of which fail once and some of which are ordered."""

    def __init__(self, stack):
        super().__init__(daemon=True)
        self.stack, self.stopped, self.count = stack, False, 0

    def run(self):
        with contextlib.closing(self.stack.db("nexus_api")) as connection, connection.cursor() as cursor:
            while not self.stopped:
                cursor.execute("select job_add(case when n %% 5 = 0 then 'probe-ordered' else 'probe' end, (n %% 7)::text,"
                               " jsonb_build_object('number', n, 'sleep_ms', n %% 4, 'fail', case when n %% 97 = 0 then 1 else 0 end))"
                               " from generate_series(%s::bigint, %s) n", (self.count, self.count + 4))
                self.count += 5
                time.sleep(0.05)


def victims(stack, role):
    if role in ("supervisor", "rabbitmq"):
        return [pid for pid in [stack.pid("jobs" if role == "supervisor" else role)] if pid]
    return [pid for pid in children(stack.pid("jobs")) if title(pid).startswith(f"nexus-jobs: {role}")]


def kill_one(stack, role):
    """Whether there was one to kill."""
    pids = victims(stack, role)
    if not pids:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(random.choice(pids), signal.SIGKILL)
    if role == "supervisor":
        stack.start("jobs")
    elif role == "rabbitmq":
        stack.start("rabbitmq")
    return True


def race(kills, broker):
    done = dict.fromkeys(WEIGHTS, 0)
    with private_stack({"job_runners": "3"}, broker=broker) as stack:
        writer = Writer(stack)
        writer.start()
        while sum(done.values()) < kills:
            role = random.choices(list(WEIGHTS), WEIGHTS.values())[0]
            done[role] += kill_one(stack, role)
            time.sleep(random.uniform(0, 0.1))
        writer.stopped = True
        writer.join()
        # Attempts that were cut off wait for their next one; nobody has to wait for that here.
        def over():
            stack.query("update jobs set run_at = now() where job like 'probe%' and leased_until is null and run_at > now()")
            return not stack.query("select 1 from jobs where job like 'probe%' limit 1")
        wait_until(over, 900, "all jobs to be done", 0.5)
        [(effects, distinct, dead)] = stack.query("select (select count(*) from job_probes), (select count(distinct number) from job_probes),"
                                                  " (select count(*) from jobs_dead)")
    return {"kills": done, "jobs": writer.count, "effects": effects, "distinct": distinct, "dead": dead}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-broker", action="store_true")
    args = parser.parse_args()
    random.seed(args.seed)
    result = race(args.kills, not args.no_broker)
    print(result)
    # What cost all its runners the life is given up, and said so: it is neither lost nor doubled.
    fine = result["jobs"] > 0 and result["effects"] == result["distinct"] and result["distinct"] + result["dead"] == result["jobs"]
    print("nothing lost, nothing doubled" if fine else "LOST OR DOUBLED")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())

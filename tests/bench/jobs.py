"""How fast jobs go: rows added, carried, taken and done. Steps of bench.py; alone: jobs.py [--broker] [--jobs N]."""
import argparse
import contextlib
import json
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import cpu  # noqa: E402
from stack import private_stack, wait_until  # noqa: E402

WRITERS, ROWS = 2, 10  # rows a transaction adds, as an op adds a few with its change


def write(stack, count, first, pause=0.0):
    with contextlib.closing(stack.db("nexus_api")) as connection, connection.cursor() as cursor:
        for number in range(first, first + count, ROWS):
            cursor.execute("select job_add('probe', '', jsonb_build_object('number', n)) from generate_series(%s::bigint, %s) n",
                           (number, min(number + ROWS, first + count) - 1))
            time.sleep(pause)


def clear(stack):
    stack.query("truncate jobs, jobs_dead, job_probes")


def throughput(stack, jobs):
    """Jobs a second from the first row added to the last effect, writers and runners at the same time."""
    clear(stack)
    units = {"worker": "jobs", "postgresql": "postgresql"} | ({"rabbitmq": "rabbitmq"} if stack.broker else {})
    start, before = time.monotonic(), cpu.used(stack, units)
    threads = [threading.Thread(target=write, args=(stack, jobs // WRITERS, i * (jobs // WRITERS))) for i in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    added = time.monotonic() - start
    wait_until(lambda: stack.query("select count(*) from job_probes")[0][0] >= jobs, 600, "all jobs to be done", 0.05)
    seconds = time.monotonic() - start
    assert stack.query("select count(*), count(distinct number) from job_probes") == [(jobs, jobs)]
    return {"per_second": round(jobs / seconds), "cpu_us": cpu.each(before, cpu.used(stack, units), jobs), "added_per_second": round(jobs / added)}


def latency(stack, rate, seconds):
    """From the row's writing to its effect, at so many rows a second. Milliseconds."""
    clear(stack)
    end, number, step = time.monotonic() + seconds, 0, ROWS / rate
    with contextlib.closing(stack.db("nexus_api")) as connection, connection.cursor() as cursor:
        following = time.monotonic()
        while time.monotonic() < end:
            cursor.execute("select job_add('probe', extract(epoch from clock_timestamp())::text, jsonb_build_object('number', n))"
                           " from generate_series(%s::bigint, %s) n", (number, number + ROWS - 1))
            number += ROWS
            following += step
            time.sleep(max(0.0, following - time.monotonic()))
    wait_until(lambda: stack.query("select count(*) from job_probes")[0][0] >= number, 60, "all jobs to be done", 0.05)
    [(p50, p99)] = stack.query("select percentile_cont(0.5) within group (order by l), percentile_cont(0.99) within group (order by l)"
                               "  from (select 1000 * (extract(epoch from ran_at) - key::numeric) as l from job_probes) x")
    return {"rate": round(number / seconds), "p50_ms": round(p50, 1), "p99_ms": round(p99, 1)}


def measure(broker=False, jobs=50000):
    with private_stack({"log_level": "warn"}, broker=broker) as stack:
        stack.stop("api", "nginx")
        result = {"broker": broker, **throughput(stack, jobs)}
        return result | {"half_load": latency(stack, result["per_second"] / 2, 10)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", action="store_true")
    parser.add_argument("--jobs", type=int, default=50000)
    print(json.dumps(measure(**vars(parser.parse_args()))))

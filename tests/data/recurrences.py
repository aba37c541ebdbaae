"""Writes tests/data/recurrences.tsv, what src/ical/ical_tests.c holds recurrences against: `python3 recurrences.py > recurrences.tsv`.

Needs python-dateutil (Debian: python3-dateutil), whose rules are an implementation of their own; libical's iterator is no judge, since
3.0.16 gets some of these wrong. A line: a start that the rule means, the rule, and the days from it, up to forty within ten years.
"""
import datetime
import itertools
import random

from dateutil.rrule import rrulestr

DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
random.seed(20261123)


def some(values, most=3):
    return ",".join(str(v) for v in random.sample(values, random.randint(1, most)))


def rule():
    freq = random.choice(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    parts = [f"FREQ={freq}", f"INTERVAL={random.randint(1, 4)}"]
    if random.random() < 0.3:
        parts.append(f"COUNT={random.randint(1, 30)}")
    if random.random() < 0.3:
        parts.append("BYMONTH=" + some(range(1, 13)))
    if freq != "WEEKLY" and random.random() < 0.3:
        parts.append("BYMONTHDAY=" + some([d for d in range(-31, 32) if d]))
    if freq == "YEARLY" and random.random() < 0.2:
        parts.append("BYYEARDAY=" + some([d for d in range(-366, 367) if d], 8))
    if random.random() < 0.4:
        nth = freq in ("MONTHLY", "YEARLY") and random.random() < 0.5
        parts.append("BYDAY=" + (",".join(f"{random.choice([-2, -1, 1, 2, 3, 5])}{d}" for d in random.sample(DAYS, 2)) if nth else some(DAYS)))
    if freq != "DAILY" and any(p.startswith(("BYDAY", "BYMONTHDAY")) for p in parts) and random.random() < 0.4:
        parts.append(f"BYSETPOS={random.choice([1, 2, -1, -2])}")
    if random.random() < 0.3:
        parts.append("WKST=" + random.choice(DAYS))
    return ";".join(parts)


def main():
    written = 0
    while written < 300:
        text, around = rule(), datetime.datetime(2024, 1, 1) + datetime.timedelta(days=random.randint(0, 1000))
        end = around + datetime.timedelta(days=3653)
        first = next(itertools.takewhile(lambda d: d < end, iter(rrulestr(text, dtstart=around).between(around, end, inc=True))), None)
        if first is None or "COUNT" in text and first != around:
            continue
        days = itertools.islice(itertools.takewhile(lambda d: d < first + datetime.timedelta(days=3650), rrulestr(text, dtstart=first)), 40)
        found = [day.strftime("%Y%m%d") for day in days]
        if found and found[0] == first.strftime("%Y%m%d"):
            print(first.strftime("%Y-%m-%d"), text, ",".join(found), sep="\t")
            written += 1


main()

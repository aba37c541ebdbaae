"""nexusctl import inside-airbnb, on a small file of our own with all kinds of bad rows."""
import gzip
import json
import os
import pathlib
import re
import shutil

import pytest

from database import SEARCH_DIFFERENCES, TOP, Cluster

SMALL = TOP / "tests" / "data" / "inside-airbnb-small"
EVERYTHING = """select md5(string_agg(x, '' order by x)) from (
    select md5(t::text) as x from users t union all select md5(t::text) from properties t
    union all select md5(t::text) from units t union all select md5(t::text) from property_amenities t
    union all select md5(t::text) from property_photos t union all select md5(t::text) from calendar_nights t
    union all select md5(t::text) from occupancy t union all select md5(t::text) from reviews t
    union all select md5(t::text) from property_imports t union all select md5(t::text) from user_imports t
    union all select md5(t::text) from property_search t) y"""


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as running:
        yield running


@pytest.fixture(scope="module")
def loaded(cluster):
    """A database with the small file, and what was said while loading it."""
    database = cluster.database()
    database.done = database.run("import", "inside-airbnb", str(SMALL), "--city", "Testville")
    assert database.done.returncode == 0, database.done.stderr
    return database


def test_summary(loaded):
    rows = {line.split()[0]: [int(n) for n in line.split()[1:]] for line in loaded.done.stdout.splitlines()[1:]}
    assert rows == {"listings": [16, 4, 0, 12], "hosts": [3, 3, 0, 0], "nights": [49, 24, 21, 4], "prices": [8, 8, 0, 0],
                    "reviews": [6, 3, 1, 2]}


def test_bad_rows_are_told_with_line_and_reason(loaded):
    said = loaded.done.stderr
    for where, why in [("listings.csv:6", "the name is empty"), ("listings.csv:7", "price cannot be understood: 'eighty'"),
                       ("listings.csv:8", "latitude cannot be understood: '142.1'"),
                       ("listings.csv:9", "room type is not known: 'Castle'"),
                       ("listings.csv:10", "amenities are not a JSON array"),
                       ("listings.csv:11", "the listing stands in line 2 already: '1001'"),
                       ("listings.csv:12", "accommodates is not a number from 1 to 100"),
                       ("listings.csv:13", "not an id: '10 10'"), ("listings.csv:15", "4 fields where the header has 24"),
                       ("listings.csv:16", "a quote inside a field that does not start with one"),
                       ("listings.csv:17", "field 2: not UTF-8"),
                       ("listings.csv:14", "neither the listing nor its calendar has a price"),
                       ("calendar.csv:47", "not a date like 2026-01-31: '2027-02-30'"),
                       ("calendar.csv:48", "available is neither t nor f: 'maybe'"),
                       ("calendar.csv:49", "no such listing was loaded: '4242'"),
                       ("calendar.csv:50", "price cannot be understood: '-$1.00'"),
                       ("reviews.csv:7", "not a date like 2026-01-31: 'July'"),
                       ("reviews.csv:8", "no such listing was loaded: '7'")]:
        assert re.search(rf"^{re.escape(str(SMALL / where))}: .*{re.escape(why)}", said, re.M), where
    assert len(re.findall(r"\.csv:\d+: ", said)) == 18


def test_what_was_loaded(loaded):
    rows = {row[0]: row[1:] for row in loaded.query(
        "select i.source_id, title, description, kind, room_type, city, country, time_zone, price, currency, bathrooms::float,"
        "       min_nights, max_nights, i.rating::float, capacity, bedrooms"
        "  from properties p join property_imports i on i.property_id = p.id")}
    assert rows == {
        "1001": ("Flat by the canal", 'Two rooms, "bright" and quiet.\nFive steps from the water.\nNo lift.\n\nCafes & boats',
                 "apartment", "entire_home", "Testville", "US", "America/New_York", 125000, "USD", 1.5, 2, 365, 4.87, 2, 1),
        "920000000000001002": ("Cabin in the pines \u2728", "", "tiny_house", "entire_home", "Testville", "US",
                               "America/New_York", 7500, "USD", 0.5, 2, 365, None, 2, 1),
        "1003": ("Room for one", "", "townhouse", "private_room", "Testville", "US", "America/New_York", 4550, "USD", 1.0,
                 1, 1125, None, 1, 1),
        "1014": ("Last one, after the bad ones", "", "apartment", "entire_home", "Testville", "US", "America/New_York", 6000,
                 "USD", 1.0, 3, 3, None, 2, 1)}
    assert loaded.query("select location::text from properties p join property_imports i on i.property_id = p.id where source_id = '1003'") \
        == [("(-73.756042,42.652199)",)]
    assert loaded.query("""select a.slug from property_amenities x join amenities a on a.id = x.amenity_id
        join property_imports i on i.property_id = x.property_id where source_id = '1001' order by 1""") == \
        [("dryer",), ("free_parking",), ("hair_dryer",), ("wifi",)]


def test_nights_and_prices(loaded):
    nights = loaded.query("""select i.source_id, o.nights::text, o.kind from occupancy o join units u on u.id = o.unit_id
        join property_imports i on i.property_id = u.property_id order by 1, 2""")
    assert nights == [("1001", "[2027-01-03,2027-01-06)", "block"), ("1001", "[2027-01-11,2027-01-12)", "block"),
                      ("920000000000001002", "[2027-01-01,2027-01-21)", "block")]
    prices = loaded.query("""select i.source_id, n.night::text, n.price, n.min_nights from calendar_nights n
        join property_imports i on i.property_id = n.property_id order by 1, 2""")
    assert prices == [("1001", "2027-01-06", 140000, None), ("1001", "2027-01-07", 140000, None),
                      ("1001", "2027-01-08", None, 5)] + \
        [("920000000000001002", f"2027-01-{day}", 9000, None) for day in range(16, 21)]
    assert loaded.value(SEARCH_DIFFERENCES) == 0


def test_hosts_and_reviews(loaded):
    assert loaded.query("select email, name, created_at::date::text from users order by 1") == [
        ("host-501@inside-airbnb.invalid", "Mara", "2019-04-01"), ("host-502@inside-airbnb.invalid", "Jo", "2019-04-01"),
        ("host-503@inside-airbnb.invalid", "Host 503", "2019-04-01")]
    assert loaded.value("select count(*) from user_credentials") == 0
    assert loaded.query("select author_name, comment, rating, created_at::date::text from reviews order by created_at") == [
        ("Lin", "Lovely.\nWe will be back!", None, "2026-05-04"), ("Sam", 'He said "welcome",\nand meant it.', None, "2026-06-01"),
        ("Guest", "Fine", None, "2026-07-01")]


def test_a_second_run_changes_nothing(loaded):
    before = loaded.value(EVERYTHING)
    counts = json.loads(loaded.ctl("import", "inside-airbnb", str(SMALL), "--city", "Testville", "--json"))
    assert {name: count["loaded"] for name, count in counts.items()} == dict.fromkeys(counts, 0)
    assert counts["listings"] == {"read": 16, "loaded": 0, "unchanged": 4, "rejected": 12}
    assert loaded.value(EVERYTHING) == before


def test_dry_run_says_the_same_and_keeps_nothing(cluster, loaded):
    database = cluster.database()
    before = database.value(EVERYTHING)
    done = database.run("import", "inside-airbnb", str(SMALL), "--city", "Testville", "--dry-run")
    assert done.returncode == 0 and done.stdout == loaded.done.stdout and "nothing was kept" in done.stderr
    assert database.value(EVERYTHING) == before


def test_a_calendar_can_be_moved_by_whole_weeks(cluster, loaded):
    """2027-01-01, the first night of the file, is a Friday; so is what it becomes."""
    database = cluster.database()
    arguments = ("import", "inside-airbnb", str(SMALL), "--city", "Testville", "--move-to")
    assert database.run(*arguments, "soon").returncode == 2
    assert database.run(*arguments, "2028-03-01").returncode == 0
    shift = "select min(lower(nights)) - '{}'::date, to_char(min(lower(nights)), 'ID') from occupancy"
    assert [(int(days), day) for days, day in loaded.query(shift.format("2027-01-01"))] == [(0, "5")]
    days, weekday = database.query(shift.format("2027-01-01"))[0]
    assert (int(days), weekday) == (427, "5")
    assert int(database.value("select min(night) - date '2027-01-06' from calendar_nights")) == 427
    database.run(*arguments, "2028-03-01")
    assert database.value(SEARCH_DIFFERENCES) == 0


def test_gzip_and_other_places(cluster, tmp_path):
    folder = tmp_path / "inside-airbnb-new-porto"
    folder.mkdir()
    for path in SMALL.glob("*.csv"):
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    database = cluster.database()
    database.ctl("import", "inside-airbnb", str(folder), "--country", "PT", "--time-zone", "Europe/Lisbon", "--currency", "EUR")
    assert database.query("select distinct city, country, time_zone, currency from properties") == \
        [("New Porto", "PT", "Europe/Lisbon", "EUR")]


def copy_without(tmp_path, *missing):
    folder = tmp_path / "copy"
    shutil.copytree(SMALL, folder, ignore=shutil.ignore_patterns(*missing))
    return folder


def test_listings_alone_are_enough(cluster, tmp_path):
    done = cluster.database().run("import", "inside-airbnb", str(copy_without(tmp_path, "calendar*", "reviews*")))
    assert done.returncode == 0 and "no calendar.csv.gz: skipped" in done.stderr


@pytest.mark.parametrize("change, words", [
    (lambda data: data.replace(b"latitude", b"latitud", 1), "there is no column latitude"),
    (lambda data: b"", "the file is empty"),
])
def test_a_file_that_is_none(cluster, tmp_path, change, words):
    folder = copy_without(tmp_path)
    path = folder / "listings.csv"
    path.write_bytes(change(path.read_bytes()))
    database = cluster.database()
    done = database.run("import", "inside-airbnb", str(folder))
    assert done.returncode == 1 and words in done.stderr
    assert database.value("select count(*) from users") == 0


def test_a_cut_off_file_loads_nothing(cluster, tmp_path):
    folder = copy_without(tmp_path, "reviews*")
    rows = "".join(f"1001,{i},2026-01-01,{i},N{i},{os.urandom(30).hex()}\n" for i in range(500))
    whole = gzip.compress(("listing_id,id,date,reviewer_id,reviewer_name,comments\n" + rows).encode())
    (folder / "reviews.csv.gz").write_bytes(whole[:-100])
    database = cluster.database()
    done = database.run("import", "inside-airbnb", str(folder))
    assert done.returncode == 1 and "cut off" in done.stderr
    assert database.value("select count(*) from properties") == 0


def test_progress_on_a_terminal_only(cluster):
    database = cluster.database()
    status, shown = database.terminal("import", "inside-airbnb", str(SMALL))
    assert status == 0 and "\r" in shown and "\x1b[K" in shown
    assert "\x1b" not in database.run("import", "inside-airbnb", str(SMALL)).stderr


def test_bad_rows_are_bounded(cluster, tmp_path):
    folder = copy_without(tmp_path)
    with open(folder / "calendar.csv", "a", encoding="utf-8") as calendar:
        calendar.writelines(f"1001,never,t,$1.00,,{i},9\n" for i in range(500))
    done = cluster.database().run("import", "inside-airbnb", str(folder))
    assert done.returncode == 0
    assert len(re.findall(r"calendar\.csv:\d+: ", done.stderr)) == 100 and "404 more bad rows" in done.stderr


def test_bookings_stay_when_the_calendar_says_taken(cluster):
    """A night that a booking of ours takes is not blocked again, and nothing of it is lost."""
    database = cluster.database()
    database.ctl("import", "inside-airbnb", str(copy_listings(database)))
    database.query("""insert into occupancy (id, unit_id, nights, kind) select gen_random_uuid(), u.id,
        daterange('2027-01-04', '2027-01-08'), 'block' from units u join property_imports i using (property_id)
        where source_id = '1001'""")
    counts = json.loads(database.ctl("import", "inside-airbnb", str(SMALL), "--json"))
    assert counts["nights"]["loaded"] == 22  # 3 January and 11 January of one, 20 of the other
    assert database.query("""select nights::text from occupancy o join units u on u.id = o.unit_id
        join property_imports i using (property_id) where source_id = '1001' order by 1""") == \
        [("[2027-01-03,2027-01-04)",), ("[2027-01-04,2027-01-08)",), ("[2027-01-11,2027-01-12)",)]
    assert database.value(SEARCH_DIFFERENCES) == 0


def copy_listings(database):
    """The small file with a calendar in which every night is free."""
    folder = pathlib.Path(database.cluster.dir) / f"listings-{database.name}"
    folder.mkdir()
    shutil.copy(SMALL / "listings.csv", folder)
    text = (SMALL / "calendar.csv").read_text(encoding="utf-8")
    (folder / "calendar.csv").write_text(text.replace(",f,", ",t,"), encoding="utf-8")
    return folder

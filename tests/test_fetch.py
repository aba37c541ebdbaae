"""nexus-fetch against what it must not call and whom it must survive, in network namespaces (tests/fetch_world.py)."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

import pytest

import fetch_world
from stack import SANITIZER, TOP

BUILD = pathlib.Path(os.environ.get("NEXUS_BUILD_DIR") or TOP / "build")
GOOD, OWN, OWN6 = fetch_world.GOOD, fetch_world.OWN, fetch_world.OWN6

ADDRESSES = """
127.0.0.1 127.1 127.0.1 127.255.255.254 0x7f000001 0x7f.0.0.1 0x7F.1 0177.0.0.1 017700000001 0000177.0.0.1 2130706433 127.0.0.1. 0 0.0.0.0
0.1.2.3 10.0.0.1 10.255.255.255 0x0a000001 167772161 012.0.0.1 172.16.0.1 172.31.255.255 2886729729 192.168.0.1 0xc0a80001 3232235521
192.168.257 169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 100.64.0.1 100.127.255.254 192.0.0.1 192.0.0.170
192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 192.88.99.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
[::] [::1] [0:0:0:0:0:0:0:1] [0000::0001] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:10.0.0.1] [::ffff:169.254.169.254] [::127.0.0.1]
[64:ff9b::127.0.0.1] [64:ff9b::a00:1] [64:ff9b:1::1] [2002:7f00:1::1] [2002:a00:1::] [2001::1] [2001:0:4136:e378::1] [2001:db8::1] [fe80::1]
[fe80::1%25up0] [fe80::1%up0] [fec0::1] [fc00::1] [fd00:ec2::254] [ff02::1] [ff0e::1] [100::1] [5f00::1] [3fff::1] [127.0.0.1]
""".split() + [OWN, f"[{OWN6}]"]

# What resolves to such an address, in whatever way, alone or beside a public one.
NAMES = """
localhost localhost. LOCALHOST ip6-localhost foo.localhost loop.test LOOP.test. ten.test meta.test lan.test cgn.test zero.test own.test own6.test
cname.test cname2.test mixed.test mixed2.test mixed6.test mixed64.test mixed7.test loop6.test ula.test link.test mapped.test nat64.test
sixtofour.test teredo.test multi.test doc6.test any6.test xn--lcalhost-n0a.test nobody.test
""".split()

SYNTAX = ["https://user@good.test/", "https://user:pw@good.test/", "https://good.test@127.0.0.1/", "https://127.0.0.1\\@good.test/",
          "https://good.test\\@127.0.0.1/", "https://good.test#@127.0.0.1/", "https://good.test/#x", "https://good.test\t.evil/",
          "https://good.test/\r\nX: y", "https://good.test/\nHost: x", " https://127.0.0.1/", "https://good.test/ x", "https://good.test%00/",
          "https://good.test%00.ten.test/", "https://127.0.0.1%2f@good.test/", "https://%31%32%37.0.0.1/", "https://\uff11\uff12\uff17.0.0.1/",
          "https://127\u30020\u30020\u30021/", "https://\u24dbocalhost/", "http://good.test/", "https://good.test:8443/", "https://good.test:80/",
          "https://good.test:22/", "https://good.test:99999/", "https://good.test:-1/", "https:///etc/passwd", "https://", "https://[::1",
          "//good.test/", "/ok", "good.test", "ftp://good.test/", "file:///etc/passwd", "file://good.test/etc/passwd", "gopher://good.test:443/_x",
          "dict://good.test:443/x", "ldap://good.test/", "smb://good.test/x", "telnet://good.test:443/", "tftp://good.test/x", "imap://good.test/",
          "scp://good.test/x", "data:text/plain,x", "javascript:alert(1)", "ws://good.test/", "unix:/run/nexus/api.sock", "", "https://.../",
          "https://good.test/" + "a" * 2000]

# Followed as far as it is allowed, which is the first step.
REDIRECTS = [f"https://good.test/redirect?{urllib.parse.quote(to, safe='')}" for to in (
    "https://127.0.0.1/", "http://127.0.0.1/", "//127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://2130706433/",
    "https://loop.test/", "https://mixed.test/", "https://cname.test/", "https://own.test/", "http://good.test/ok", "https://good.test:8443/ok",
    "https://user:pw@good.test/ok", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x", "ftp://good.test/", "\\\\127.0.0.1\\x", "https://",
    "https://good.test/redirect?https%3A%2F%2F10.0.0.1%2F", "")]

FORBIDDEN = [f"https://{host}/ok" for host in ADDRESSES + NAMES] + SYNTAX + REDIRECTS

ANSWERED = {"https://good.test/ok": 200, "https://good6.test/ok": 200, "https://both.test/ok": 200, "https://alias.test/ok": 200,
            f"https://{GOOD}/ok": 200, "https://GOOD.test:443/ok": 200, "https://good.test/redirect?%2Fok": 200,
            "https://good.test/redirect?https%3A%2F%2Fboth.test%2Fok": 200, "https://good.test/redirect?%2Fok%23there": 200,
            "https://good.test/around": 302}

HOSTILE = {"hang": "time", "trickle": "time", "trickle_head": "time", "tengb": "large", "tengb_quiet": "large", "tengb_chunked": "large",
           "error_flood": "large", "gzip": "encoded", "lie_long": "", "lie_negative": "", "lie_two": "", "headers": "large", "long_header": "large",
           "hundred": "", "nine": ""}

FILES = {"big?5242880": (200, 5242880), "big?5242881": (0, 0), "big?300000": (200, 300000), "tengb_quiet": (0, 5 << 20), "error_flood": (0, 0),
         "redirect?%2Fbig%3F100": (302, 0), "lie_short": (200, 5)}


@pytest.fixture(scope="module")
def world():
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    with tempfile.TemporaryDirectory(prefix="nexus-fetch-", dir="/var/tmp") as folder:
        plan = {"forbidden": FORBIDDEN, "good": list(ANSWERED), "hostile": list(HOSTILE), "files": list(FILES)}
        done = subprocess.run(["unshare", "--net", "--mount", sys.executable, fetch_world.__file__, BUILD, f"{folder}/result"],
                              input=json.dumps(plan), text=True, capture_output=True, timeout=300, check=False)
        if "unshare failed" in done.stderr:
            pytest.skip("no namespaces here")
        assert done.returncode == 0, done.stderr[-3000:]
        yield json.loads(pathlib.Path(f"{folder}/result").read_text())


def test_nothing_forbidden_is_called(world):
    assert len(FORBIDDEN) >= 80 and len(set(FORBIDDEN)) == len(FORBIDDEN)
    answered = {url: said for url, said in world["forbidden"].items() if said["status"] != 0 or said["exit"] not in (2, 3)}
    assert answered == {}


def test_no_packet_goes_where_it_must_not(world):
    """All of them together: to the resolver, and to the one good server, whose redirects and names these are."""
    allowed = {fetch_world.RESOLVER, GOOD, fetch_world.GOOD6, fetch_world.GATE, fetch_world.GATE6, f"arp {fetch_world.GATE}", f"arp {OWN}"}
    assert set(world["packets"]["outside"]) - allowed == set() and GOOD in world["packets"]["outside"]
    assert world["packets"]["inside"] == []
    # That they would have been seen:
    assert "10.0.0.1" in world["control"]["outside"] and "127.0.0.1" in world["control"]["inside"] and "fd00::1" in world["control"]["outside"]


def test_a_name_that_changes_its_mind(world):
    """The address that was looked at is the one that is called; the next call looks anew."""
    first, second = world["rebind"]
    assert first["status"] == 200 and (second["status"], second["why"]) == (0, "the address is not public")


def test_a_forbidden_address_looks_like_nobody_there(world):
    shown = {world["forbidden"][f"https://{host}/ok"]["shown"] for host in ("127.0.0.1", "mixed.test", "own.test", "nobody.test")}
    assert shown == {"The server cannot be reached."}


def test_what_is_allowed_is_answered(world):
    assert {url: said["status"] for url, said in world["good"].items()} == ANSWERED
    assert world["good"]["https://good.test/ok"]["etag"] == '"v1"'


@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_servers_take_bounded_time_and_memory(world, path):
    said = world["hostile"][path]
    # A machine too busy to send as much as is too much within the call's time: then it is that.
    assert said["status"] == 0 and (HOSTILE[path] in said["why"].lower() or "time" in said["why"].lower()), said
    assert said["seconds"] < 12  # the call's own bound is 2 s


@pytest.mark.parametrize("path", FILES)
def test_into_a_file(world, path):
    said = world["files"][path]
    status, size = FILES[path]
    assert said["status"] == status and said["file"] <= 5 << 20, said
    assert status != 200 or (said["file"], said["size"]) == (size, size)


def test_servers_that_hang_hold_up_nobody_else(world):
    others = world["others"]
    assert others["busy"] == 30 and others["good"]["status"] == 200 and others["still"] == 30
    assert others["beyond"]["exit"] == 75  # more than fetch_calls: to be tried again


def test_sanitizers_are_silent(world):
    assert SANITIZER.findall(world["log"]) == [] and '"level":"error"' not in world["log"]

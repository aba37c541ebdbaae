"""What the build makes: a complete tarball, a complete installation, hardened programs.

`make distcheck` builds and tests the tarball itself, which takes minutes; here it is only compared and configured.
"""
import os
import pathlib
import re
import subprocess

import pytest

from stack import TOP

BUILD = pathlib.Path(os.environ.get("NEXUS_BUILD_DIR") or TOP / "build")


# What autotools add to what is committed.
MADE = {"Makefile.in", "aclocal.m4", "configure"}


def run(*command, **kwargs):
    done = subprocess.run(command, text=True, capture_output=True, check=False, **kwargs)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def for_tests_only():
    return re.search("^NEXUS_LDFLAGS = .*(-fsanitize=|--coverage)", (BUILD / "Makefile").read_text(), re.M) is not None


def make(*args):
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return run("make", "-C", str(BUILD), *args, env=env)


# --- the tarball

def committed():
    if not (TOP / ".git").exists():
        pytest.skip("not a checkout")
    return set(run("git", "-C", str(TOP), "ls-files", "-z").split("\0")) - {""}


def test_the_tarball_has_what_is_committed_and_no_more(tmp_path):
    wanted = committed()
    make("distdir", f"distdir={tmp_path}/nexus")
    place = tmp_path / "nexus"
    found = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    found = {name for name in found if name not in MADE and not name.startswith("build-aux/")}
    exists = {name for name in wanted if (TOP / name).exists()}
    assert exists - found == set(), "add these to the module.mk of their folder"
    untracked = set(run("git", "-C", str(TOP), "ls-files", "-z", "--others", "--exclude-standard").split("\0"))
    assert found - wanted - untracked == set(), "these are not committed"
    for name in ("quickstart", ".ci/run", "tests/with-postgres", "tests/fresh/run.sh", "configure"):
        assert os.access(place / name, os.X_OK), name
    run(str(place / "quickstart"), "help", cwd="/")
    out = tmp_path / "build"
    out.mkdir()
    run(str(place / "configure"), "-q", cwd=out)


# --- the installation

INSTALLED = """
bin/nexusctl
sbin/nexus-api
sbin/nexus-decode
sbin/nexus-fetch
sbin/nexus-jobs
lib/systemd/system/nexus-api.service
lib/systemd/system/nexus-decode.service
lib/systemd/system/nexus-decode.socket
lib/systemd/system/nexus-fetch.service
lib/systemd/system/nexus-fetch.socket
lib/systemd/system/nexus-jobs.service
lib/systemd/system/nexus-api.socket
lib/systemd/system/nexus-migrate.service
lib/systemd/system/nexus.target
lib/sysusers.d/nexus.conf
lib/tmpfiles.d/nexus.conf
share/bash-completion/completions/nexusctl
share/man/man1/nexusctl.1
share/man/man5/nexus.conf.5
share/man/man8/nexus-api.8
share/man/man8/nexus-decode.8
share/man/man8/nexus-fetch.8
share/man/man8/nexus-jobs.8
share/doc/nexus/HACKING.md
share/doc/nexus/NEWS
share/doc/nexus/README.md
share/doc/nexus/examples/nexus.conf.sample
share/doc/nexus/examples/haproxy/haproxy.cfg
share/doc/nexus/examples/nginx/sites-available/nexus
""".split()

# Folders installed whole: where they come from, where they go.
FOLDERS = {
    "sql/migrations": "share/nexus/migrations",
    "conf/mail/de": "share/nexus/mail/de",
    "conf/mail/en": "share/nexus/mail/en",
    "docs/adr": "share/doc/nexus/adr",
    "haproxy/errors": "share/doc/nexus/examples/haproxy/errors",
    "conf/nginx/conf.d": "share/doc/nexus/examples/nginx/conf.d",
    "conf/nginx/snippets": "share/doc/nexus/examples/nginx/snippets",
    "conf/postgresql": "share/doc/nexus/examples/postgresql",
    "conf/redis": "share/doc/nexus/examples/redis",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("install")
    make("install", f"DESTDIR={folder}", "prefix=/usr", "sysconfdir=/etc")
    return folder / "usr"


def test_install_puts_everything_in_its_place(installed):
    wanted = set(INSTALLED)
    for source, target in FOLDERS.items():
        wanted |= {f"{target}/{path.name}" for path in (TOP / source).iterdir() if path.is_file()}
    wanted |= {f"share/doc/nexus/{path.name}" for path in (TOP / "docs").glob("*.md")}
    found = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert found == wanted
    assert not any(path.stat().st_mode & 0o022 for path in installed.rglob("*") if path.is_file())


def test_uninstall_leaves_nothing(tmp_path):
    make("install", f"DESTDIR={tmp_path}", "prefix=/usr")
    make("uninstall", f"DESTDIR={tmp_path}", "prefix=/usr")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_installed_units_name_installed_programs(installed):
    for name in ("nexus-api", "nexus-decode", "nexus-fetch", "nexus-jobs", "nexus-migrate"):
        text = (installed / f"lib/systemd/system/{name}.service").read_text()
        assert "@" not in re.sub(r"%|@[a-z-]+\b(?!@)", "", text), "something was not filled in"
        program = re.search(r"^ExecStart=[^/]*(/\S+)", text, re.M).group(1)
        assert (BUILD / pathlib.Path(program).name).exists(), program


# --- hardening

@pytest.fixture(params=["sbin/nexus-api", "sbin/nexus-decode", "sbin/nexus-fetch", "sbin/nexus-jobs", "bin/nexusctl"])
def program(request, installed):
    if for_tests_only():
        pytest.skip("a build with sanitizers or counters")
    return installed / request.param


def readelf(program, *options):
    return run("readelf", "-W", *options, str(program))


def test_address_is_random(program):
    assert re.search(r"Type:\s+DYN", readelf(program, "-h"))
    assert re.search(r"FLAGS_1.*\bPIE\b", readelf(program, "-d"))


def test_tables_of_the_linker_are_read_only(program):
    dynamic = readelf(program, "-d")
    assert "GNU_RELRO" in readelf(program, "-l")
    assert re.search(r"BIND_NOW|FLAGS_1.*\bNOW\b", dynamic)
    assert "TEXTREL" not in dynamic and "RPATH" not in dynamic and "RUNPATH" not in dynamic


def test_stack_is_not_executable_and_nothing_is_writable_and_executable(program):
    segments = readelf(program, "-l")
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}(\S+)", segments).group(1)
    assert "E" not in stack
    assert not re.search(r"LOAD\s+(?:0x\w+\s+){5}RWE", segments)


def test_stack_protector_and_fortify(program):
    symbols = readelf(program, "--dyn-syms")
    assert "__stack_chk_fail" in symbols
    assert "__snprintf_chk" in symbols or "__vsnprintf_chk" in symbols


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="CET is of x86")
def test_control_flow_is_guarded(program):
    notes = readelf(program, "-n")
    assert "IBT" in notes and "SHSTK" in notes


def test_no_function_that_cannot_be_used_safely_is_linked(program):
    symbols = set(re.findall(r"UND (\w+)", readelf(program, "--dyn-syms")))
    banned = {"gets", "strcpy", "strcat", "sprintf", "vsprintf", "strtok", "atoi", "atol", "atof", "system", "popen",
              "mktemp", "tmpnam", "tempnam", "__strcpy_chk", "__strcat_chk", "__sprintf_chk"}
    assert symbols & banned == set()

"""What ./quickstart promises about the stack it brings up."""
import os
import pathlib
import re
import shlex
import subprocess

import pytest

from stack import TOP, Stack, private_stack, wait_until


@pytest.fixture(scope="module")
def demo():
    """A stack of its own with demo data and the limits people get."""
    with private_stack(options={}, demo=300) as stack:
        yield stack


def test_env_is_shell_assignments(demo):
    text = demo.quickstart("env").stdout
    names = [word.split("=")[0] for word in shlex.split(text)]
    assert names == ["NEXUS_URL", "NEXUS_CA", "PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "NEXUS_REDIS",
                     "NEXUS_METRICS_URL", "NEXUS_JOBS_METRICS_URL"]
    done = subprocess.run(["bash", "-euc", 'eval "$1"; curl -sf --cacert "$NEXUS_CA" "$NEXUS_URL/readyz"; '
                           'curl -sf "$NEXUS_METRICS_URL"; curl -sf "$NEXUS_JOBS_METRICS_URL"', "-", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "# HELP" in done.stdout


def test_no_port_is_chosen_twice(demo):
    chosen = " ".join(map(str, range(20000, 32000, 2)))
    script = 'PORT= JOBS_PORT= AMQP_PORT= AMQP_DIST_PORT= EPMD_PORT= METRICS_PORT=$2; . "$1"; for _ in {1..20}; do port_free; done'
    done = subprocess.run(["bash", "-uc", script, "-", TOP / "conf/quickstart/common.sh", chosen], capture_output=True, text=True, check=True,
                          env={**os.environ, "TOP": str(TOP), "NEXUS_RUN_DIR": str(demo.run_dir)})
    ports = list(map(int, done.stdout.split()))
    assert len(ports) == 20 and all(port % 2 for port in ports)


@pytest.mark.skipif("NEXUS_PG_TEMPLATE" not in os.environ, reason="the suite was not started by ./quickstart test")
def test_stacks_begin_with_a_migrated_copy(stack):
    """It saves each of a hundred stacks an initdb and all migrations."""
    assert "applied 2" not in (stack.run_dir / "log/migrate.step.log").read_text()
    assert not (stack.run_dir / "log/postgresql.step.log").read_text().count("initdb")


def test_a_second_run_changes_nothing(demo):
    before = {name: demo.pid(name) for name in ("postgresql", "redis", "api", "nginx")}
    assert all(before.values())
    done = demo.quickstart("up", "--no-build")
    assert {name: demo.pid(name) for name in before} == before
    assert all(line.startswith("  ok") for line in done.stdout.splitlines() if re.match(r"  \S+ +\S", line))


def test_what_died_comes_back(demo):
    """kill -9 of each in turn; one more run mends it, without touching the others."""
    for name in ("redis", "nginx", "api", "postgresql"):
        pid = demo.pid(name)
        os.kill(pid, 9)
        wait_until(lambda name=name: demo.pid(name) is None, 10, f"{name} to be gone")
        assert demo.quickstart("status", check=False).returncode == 3
        demo.quickstart("up", "--no-build")
        assert demo.pid(name) not in (None, pid)
    demo.wait_ready()


def test_the_printed_commands_work_when_pasted(demo):
    text = demo.quickstart("up", "--no-build").stdout
    assert demo.url in text and "guest@example.com" in text
    commands = text[text.index("\n# "):]
    assert len(re.findall("^# ", commands, re.M)) == 3
    done = subprocess.run(["bash", "-euo", "pipefail"], input=commands, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"total"' in done.stdout and '"confirmed"' in done.stdout, done.stdout
    again = subprocess.run(["bash", "-euo", "pipefail"], input=commands, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert '"dates_unavailable"' in again.stdout and '"confirmed"' not in again.stdout, again.stdout


def test_the_tour_of_the_readme(demo):
    """Every block marked sh, in one shell, as somebody pastes them."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (TOP / "README.md").read_text(), re.M | re.S)
    assert len(blocks) >= 5
    env = {**os.environ, "NEXUS_RUN_DIR": str(demo.run_dir), "NEXUS_BUILD_DIR": str(demo.build_dir)}
    done = subprocess.run(["bash", "-euo", "pipefail"], input="\n".join(blocks), env=env, cwd=TOP, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == "", done.stderr
    for word in ("did you mean 'password'", '"roles":["guest","host"]', '"accommodation"', '"status":"confirmed"',
                 '"code": "dates_unavailable"', "ok   database", "running"):
        assert word in done.stdout, f"{word} not in:\n{done.stdout}"
    assert "null" not in done.stdout.split('"status":"confirmed"')[0].replace('"next_cursor":null', "")


def test_metrics_stay_inside(demo):
    assert demo.session().get("/metrics").status_code == 404
    assert demo.metrics_url.startswith("http://127.0.0.1:")


def test_secrets_are_for_their_reader_only(demo):
    for path in (demo.run_dir / "secret").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    assert (demo.run_dir / "tls/server.key").stat().st_mode & 0o077 == 0
    assert not list((demo.run_dir / "tls").glob("*ca*key*")), "the authority's key is not kept"


def test_workers_may_not_own_anything(demo):
    assert demo.query("select rolsuper or rolcreatedb or rolcreaterole from pg_roles where rolname = 'nexus_api'") == [(False,)]
    owned = demo.query("select relname from pg_class where relowner = (select oid from pg_roles where rolname = 'nexus_api')")
    assert owned == []
    assert demo.query("show data_checksums") == [("on",)]
    assert demo.query("select setconfig from pg_db_role_setting s join pg_roles r on r.oid = s.setrole "
                      "where rolname = 'nexus_api'")[0][0].count("jit=off") == 1


def test_two_stacks_side_by_side(demo, stack):
    assert demo.url != stack.url and demo.pid("api") != stack.pid("api")
    assert demo.session().get("/readyz").status_code == stack.session().get("/readyz").status_code == 200


def test_options_go_to_the_configuration_and_bad_ones_are_refused(demo):
    env = {**os.environ, "NEXUS_RUN_DIR": str(demo.run_dir), "NEXUS_BUILD_DIR": str(demo.build_dir)}
    pid = demo.pid("api")
    for line, complaint in (("workrs = 3", "workers"), ("workers = many", "workers")):
        done = subprocess.run([str(TOP / "quickstart"), "up", "--no-build"], env={**env, "NEXUS_OPTIONS": line},
                              capture_output=True, text=True, check=False)
        assert done.returncode == 1 and "FAIL" in done.stdout and complaint in done.stderr
        assert demo.pid("api") == pid, "what runs goes on running"
    demo.options["workers"] = "3"
    demo.quickstart("up", "--no-build")
    wait_until(lambda: sum("worker" in pathlib.Path(f"/proc/{pid}/cmdline").read_text()
                           for pid in demo.workers()) == 3, 10, "three workers")


def test_a_checkout_others_cannot_enter_keeps_its_state_elsewhere(tmp_path):
    """Below /root, for example: servers of other users could not reach it, nor sockets with so long a name be made."""
    folder = tmp_path / ("a" * 60)
    folder.mkdir(mode=0o700)
    stack = Stack(folder / "run")
    try:
        stack.up()
        assert stack.run_dir.is_symlink() and str(stack.run_dir.resolve()).startswith("/var/tmp/nexus-")
        assert stack.ready() and stack.query("select current_user") == [("nexus_owner",)]
    finally:
        stack.destroy()
    assert not stack.run_dir.exists()


def test_ctl_talks_to_this_stack(demo):
    assert demo.ctl("check").returncode == 0
    assert "guest@example.com" in demo.ctl("user", "list").stdout
    wrong = demo.ctl("no-such-verb", check=False)
    assert wrong.returncode == 2 and "no-such-verb" in wrong.stderr

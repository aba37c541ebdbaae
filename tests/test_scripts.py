"""Shell scripts are clean, and nothing starts twice or kills a stranger."""
import os
import re
import subprocess

from stack import TOP


def test_shellcheck():
    files = [TOP / "quickstart", TOP / ".ci/run", *(TOP / "conf").rglob("*"), *(TOP / "tests").rglob("*")]
    scripts = [str(path) for path in files if path.is_file() and "node_modules" not in path.parts
               and (path.suffix == ".sh" or re.match(rb"#!\S*[ /](ba)?sh\b", path.read_bytes()[:40]))]
    assert len(scripts) > 10
    done = subprocess.run(["shellcheck", "-x", *scripts], cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_ci_runs_the_suite():
    assert "quickstart\" test" in (TOP / ".ci/run").read_text() and os.access(TOP / ".ci/run", os.X_OK)


def test_help_names_every_command():
    done = subprocess.run([str(TOP / "quickstart"), "help"], capture_output=True, text=True, check=True)
    for command in ("up", "test", "status", "stop", "reset", "logs", "ctl", "env", "help"):
        assert command in done.stdout
    wrong = subprocess.run([str(TOP / "quickstart"), "sttaus"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2 and "sttaus" in wrong.stderr


def test_without_a_stack_it_says_so(short_path):
    env = {**os.environ, "NEXUS_RUN_DIR": str(short_path / "run")}
    for command, code in (("status", 3), ("stop", 0), ("env", 1), ("logs", 1)):
        done = subprocess.run([str(TOP / "quickstart"), command], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == code, command
    assert not (short_path / "run").exists()


def test_a_pid_that_was_given_away_is_left_alone(tmp_path):
    """A pid file of an ended process whose number now belongs to another one: not ours, not killed."""
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        run = tmp_path / "run"
        (run / "log").mkdir(parents=True)
        (run / "pid").mkdir()
        (run / "pid" / "redis").write_text(f"{stranger.pid} 1\n")
        env = {**os.environ, "NEXUS_RUN_DIR": str(run)}
        status = subprocess.run([str(TOP / "quickstart"), "status"], env=env, capture_output=True, text=True, check=False)
        assert status.returncode == 3 and "running" not in status.stdout and "dead" in status.stdout
        subprocess.run([str(TOP / "quickstart"), "stop"], env=env, capture_output=True, check=True)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_failing_step_says_what_where_and_what_to_do(short_path):
    env = {**os.environ, "NEXUS_RUN_DIR": str(short_path / "run"), "NEXUS_BUILD_DIR": str(short_path / "nothing")}
    done = subprocess.run([str(TOP / "quickstart"), "up", "--no-build"], env=env, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1
    assert "FAIL" in done.stdout and "programs.step.log" in done.stderr and "What to do" in done.stderr


def test_every_planted_bug_still_applies():
    """make mutants takes long and runs rarely; that its patches fit the tree is seen at once."""
    patches = sorted((TOP / "tests/mutants").glob("*.patch"))
    assert len(patches) >= 20
    for patch in patches:
        done = subprocess.run(["patch", "-p1", "-s", "-f", "--dry-run", "-i", str(patch)], cwd=TOP, capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, f"{patch.name}: {done.stdout}"

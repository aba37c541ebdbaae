#!/usr/bin/env python3
"""make mutants: does the suite notice when the program is wrong?

Each *.patch here plants one bug that somebody could really write. Its head says what is wrong then, and which tests are to notice:

    What: two stays may take one night, because nothing forbids it
    Caught-by: pytest tests/test_race.py
    Caught-by: check src/booking/booking_tests

The tree is copied and built once; the named tests have to pass there. Then each bug by itself: patched in, built, tests run until one
fails. A bug that no test notices is a finding, and so is a patch that no longer applies or builds.

usage: run.py [--keep] [NAME...]      NAME: part of a patch's file name
"""
import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".run", "build", "b", "autom4te.cache", "__pycache__", "*.o")
PYTEST = ["/usr/bin/python3", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
TEST_SECONDS = 900


class Finding(Exception):
    """Why a bug was not shown to be caught."""


class Mutant:
    def __init__(self, path):
        self.path, self.name = path, path.stem
        head = path.read_text().split("\n--- ", 1)[0]
        self.what = re.search(r"^What: (.+)$", head, re.M).group(1)
        self.catchers = re.findall(r"^Caught-by: (check|pytest) (.+)$", head, re.M)
        assert self.catchers, f"{path.name} does not say who catches it"


class Copy:
    """The tree and a build of it, to be spoilt."""

    def __init__(self, folder):
        self.tree, self.build = folder / "tree", folder / "build"
        shutil.copytree(TOP, self.tree, symlinks=True, ignore=LEFT_OUT)
        self.build.mkdir()
        folder.chmod(0o755)

    def run(self, *command, where=None, seconds=TEST_SECONDS, **env):
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("NEXUS_", "MAKE", "MFLAGS"))}
        return subprocess.run(command, cwd=where or self.build, env=clean | env, capture_output=True, text=True, timeout=seconds,
                              stdin=subprocess.DEVNULL, check=False)

    def make(self, *args):
        return self.run("make", "-s", f"-j{os.cpu_count()}", *args)

    def prepare(self):
        if not (self.tree / "configure").exists() and self.run("autoreconf", "-fi", where=self.tree).returncode:
            raise Finding("autoreconf failed")
        if self.run(str(self.tree / "configure"), "-q").returncode or self.make().returncode:
            raise Finding("the tree itself does not build")

    def patch(self, mutant, *args):
        return self.run("patch", "-p1", "-s", "-f", "--no-backup-if-mismatch", "-r", "-", *args, "-i", str(mutant.path),
                        where=self.tree)

    def passes(self, kind, what):
        """(whether the tests pass, what they said)"""
        if kind == "check":
            done = self.make("check", f"TESTS={what}")
            return done.returncode == 0, done.stdout + done.stderr
        done = self.run(*PYTEST, *shlex.split(what), where=self.tree, NEXUS_BUILD_DIR=str(self.build))
        if done.returncode and not re.search(r"\b\d+ failed", done.stdout):
            raise Finding(f"{what} could not be run:\n{done.stdout[-2000:]}")
        return done.returncode == 0, done.stdout

    def catch(self, mutant):
        """Who notices the bug."""
        if self.patch(mutant, "--dry-run").returncode:
            raise Finding("the patch no longer applies")
        self.patch(mutant)
        try:
            built = self.make()
            if built.returncode:
                raise Finding(f"does not build: {built.stderr[-500:]}")
            for kind, what in mutant.catchers:
                if not self.passes(kind, what)[0]:
                    return what
            raise Finding("NOT CAUGHT")
        finally:
            self.patch(mutant, "-R")


def say(mark, name, seconds, text):
    print(f"{mark:<7} {name:<34} {seconds:5.0f} s  {text}", flush=True)


def check_tree(copy, mutants):
    """Tests that fail anyway would catch everything."""
    for kind, what in sorted({catcher for mutant in mutants for catcher in mutant.catchers}):
        started = time.monotonic()
        passed, said = copy.passes(kind, what)
        say("ok" if passed else "FAIL", "(no bug)", time.monotonic() - started, what)
        if not passed:
            raise Finding(f"{what} fails without any bug:\n{said[-2000:]}")


def judge(copy, mutant):
    started = time.monotonic()
    try:
        catcher = copy.catch(mutant)
        say("caught", mutant.name, time.monotonic() - started, f"{mutant.what}: {catcher}")
        return True
    except (Finding, subprocess.TimeoutExpired) as why:
        say("MISSED", mutant.name, time.monotonic() - started, f"{mutant.what}: {why}")
        return False


def main():
    parser = argparse.ArgumentParser(description="Plants bugs and expects the tests to notice.")
    parser.add_argument("--keep", action="store_true", help="leave the copy of the tree behind")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only patches with this in their name")
    args = parser.parse_args()
    mutants = [Mutant(path) for path in sorted(HERE.glob("*.patch"))
               if not args.names or any(name in path.name for name in args.names)]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nexus-mutants-", dir="/var/tmp"))
    try:
        copy = Copy(folder)
        copy.prepare()
        check_tree(copy, mutants)
        caught = [judge(copy, mutant) for mutant in mutants]
    except Finding as why:
        sys.exit(f"mutants: {why}")
    finally:
        if args.keep:
            print(f"the copy: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{sum(caught)} of {len(mutants)} planted bugs caught")
    sys.exit(0 if mutants and all(caught) else 1)


if __name__ == "__main__":
    main()

"""Fixtures of the black-box suite.

stack          one running stack for the whole session, or for each process of pytest -n. `./quickstart test` names its place in
               NEXUS_TEST_RUN_DIR; without that a stack in a temporary place is started and removed.
fresh_stack    function: fresh_stack(options={...}, demo=N) starts a second stack for this test only, for tests that
               kill, reload or reconfigure.
user           function: user(name=...) signs up and logs in on `stack`.
short_path     a temporary folder whose name leaves room for the names of unix sockets below it.
contract       what the answers of `stack` are checked against, see openapi.py.
api            anonymous session on `stack`;  db: cursor as the owner role.
"""
import contextlib
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import openapi  # noqa: E402  (after the path is set)
import stack as stacks  # noqa: E402


@pytest.fixture(scope="session")
def stack():
    place = os.environ.get("NEXUS_TEST_RUN_DIR")
    if place:
        place = "-".join(filter(None, (place, os.environ.get("PYTEST_XDIST_WORKER"))))
        shared = openapi.guard(stacks.Stack(place, demo=int(os.environ.get("NEXUS_DEMO", "0"))).up())
        yield shared
        shared.assert_sane()
        return
    with stacks.private_stack() as private:
        yield openapi.guard(private)


@pytest.fixture
def fresh_stack():
    with contextlib.ExitStack() as open_stacks:
        yield lambda **kwargs: openapi.guard(open_stacks.enter_context(stacks.private_stack(**kwargs)))


@pytest.fixture
def contract(stack):
    return stack.contract


@pytest.fixture
def user(stack):
    return stack.user


@pytest.fixture
def api(stack):
    return stack.session()


@pytest.fixture
def db(stack):
    with contextlib.closing(stack.db()) as connection, connection.cursor() as cursor:
        yield cursor


@pytest.fixture
def short_path():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nx"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)

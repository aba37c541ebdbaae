"""What docs/oauth.md shows is what comes out."""
import os
import re
import subprocess

import pytest

from stack import TOP

PAGE = (TOP / "docs/oauth.md").read_text()


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.M | re.S)


@pytest.fixture(scope="module")
def guest(stack):
    user = stack.user(email="guest@example.com", password="correct-horse-battery") if not stack.query(
        "select 1 from users where email = 'guest@example.com'") else None
    return user


def test_every_command_works(stack, guest, tmp_path):
    stub = tmp_path / "quickstart"
    stub.write_text(f'#!/bin/bash\nexec {TOP}/quickstart "$@"\n')
    stub.chmod(0o755)
    env = {key: value for key, value in os.environ.items() if not key.startswith(("NEXUS_", "PG"))}
    env |= {"NEXUS_RUN_DIR": str(stack.run_dir), "NEXUS_BUILD_DIR": str(stack.build_dir)}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join(blocks("sh"))], cwd=tmp_path, env=env, text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == "".join(blocks("console")).splitlines()


def test_every_endpoint_is_named(stack):
    metadata = stack.session().get("/.well-known/openid-configuration").json()
    paths = {value.removeprefix(stack.url) for name, value in metadata.items() if name.endswith(("_endpoint", "jwks_uri"))}
    assert not {path for path in paths if f"`{path}`" not in PAGE}
    assert not {scope for scope in metadata["scopes_supported"] if f"`{scope}`" not in PAGE}

"""Every module of the basic plan has a test that exists."""
import subprocess
import sys

import openid_basic
from stack import TOP


def test_every_module_has_a_test():
    assert len(openid_basic.MODULES) == 38
    files = sorted({file for file, _ in openid_basic.MODULES.values()})
    done = subprocess.run([sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files], cwd=TOP / "tests",
                          capture_output=True, text=True, check=False)
    names = {line.split("::", 1)[1] for line in done.stdout.splitlines() if "::" in line}
    names |= {name.partition("[")[0] for name in names}
    missing = {module: test for module, (_, test) in openid_basic.MODULES.items() if test not in names}
    assert done.returncode == 0 and not missing, missing or done.stdout + done.stderr

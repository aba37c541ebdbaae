"""Rules of the source tree that no compiler checks."""
import re
import shutil
import subprocess

import pytest

from stack import TOP

SRC = TOP / "src"
FILES = sorted([*SRC.rglob("*.c"), *SRC.rglob("*.h")])
CODE = {path: path.read_text() for path in FILES}

# What each folder may include beside itself; domains know of each other by their headers.
DOMAINS = {"access", "account", "admin", "booking", "calendar", "event", "federation", "ical", "jobs", "ledger", "notify", "oauth", "outbox",
           "payment", "photo", "pricing", "property", "review", "tracking", "session", "webhook"}
BASE = {"base"}
MIDDLE = BASE | {"json", "db", "cache", "mq"}
LAYERS = {
    "base": set(),
    "json": BASE,
    "db": BASE,
    "cache": BASE,
    "mq": BASE,
    "auth": MIDDLE,
    "audit": BASE | {"db"},
    "http": MIDDLE | {"auth", "audit"},
    "fetch": BASE | {"http"},
    "decode": BASE,
    "query": MIDDLE | {"auth", "audit", "http"},
    "mail": BASE | {"json"},
    **{domain: MIDDLE | DOMAINS | {"auth", "audit", "decode", "fetch", "http", "mail", "query"} for domain in DOMAINS},
    "api": MIDDLE | DOMAINS | {"auth", "audit", "decode", "fetch", "http", "mail", "query"},
    "ctl": MIDDLE | DOMAINS | {"auth", "audit", "decode", "fetch", "http", "mail", "query"},
}
LINES_MAX = 600
FORBIDDEN = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atoll|atof|strtok|alloca)\s*\(")


def is_test(path):
    return re.search(r"_(test|tests|bench|fixture)\.[ch]$", path.name) is not None


def without_comments_and_texts(text):
    text = re.sub(r'"(\\.|[^"\\\n])*"', '""', text)
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)


def where(path, at):
    return f"{path.relative_to(TOP)}:{CODE[path].count(chr(10), 0, at) + 1}"


def test_every_folder_has_its_place():
    assert {path.parent.name for path in FILES} == set(LAYERS)


def test_includes_point_downward():
    wrong = []
    for path, text in CODE.items():
        folder = path.relative_to(SRC).parts[0]
        for found in re.finditer(r'^#\s*include "([^"]+)"', text, re.M):
            target = found.group(1)
            if "/" not in target or not ((SRC / target).exists() or target == "db/queries.h"):
                wrong.append(f"{where(path, found.start())}: {target} is not named from src/")
            elif target.split("/")[0] not in LAYERS[folder] | {folder}:
                wrong.append(f"{where(path, found.start())}: {folder} must not know {target}")
    assert wrong == []


def test_headers_are_guarded_by_their_name():
    for path, text in CODE.items():
        guard = "NEXUS_" + "_".join(path.relative_to(SRC).with_suffix("").parts).upper() + "_H"
        assert path.suffix == ".c" or f"#ifndef {guard}\n#define {guard}\n" in text, path


def test_files_are_short_and_say_what_they_are():
    long = {str(path.relative_to(TOP)): n for path, text in CODE.items()
            if (n := text.count("\n")) > LINES_MAX and not is_test(path)}
    assert long == {}
    assert [path for path, text in CODE.items() if not text.startswith("/*")] == []


def test_functions_that_cannot_be_used_safely_are_not():
    """Those of libc with a safe neighbour; programs of others are started by tests only."""
    wrong = [f"{path.relative_to(TOP)}: {found.group(1)}" for path, text in CODE.items()
             for found in FORBIDDEN.finditer(without_comments_and_texts(text))]
    assert wrong == []


def test_nothing_is_left_for_later():
    words = re.compile(r"\b(TODO|FIXME)\b")
    wrong = [where(path, found.start()) for path, text in CODE.items() for found in words.finditer(text)]
    assert wrong == []


def test_layout_is_that_of_clang_format():
    if not shutil.which("clang-format"):
        pytest.skip("clang-format is not installed")
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", "--style=file", *map(str, FILES)], cwd=TOP,
                          capture_output=True, text=True, check=False)
    files = sorted(set(re.findall(r"^\S*?(src/[^:]+):\d+", done.stderr, re.M)))
    assert done.returncode == 0, f"clang-format -i {' '.join(files)}"


def test_links_between_documents_lead_somewhere():
    wrong = []
    for path in [*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text()):
            if not target.startswith(("http:", "https:", "mailto:")) and not (path.parent / target).exists():
                wrong.append(f"{path.relative_to(TOP)}: {target}")
    assert wrong == []

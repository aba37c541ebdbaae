# shellcheck shell=bash
# ./quickstart test: everything from packages to the last line of counts, on a stack of its own.

test_all() {
    local failed=0
    run_dir_create
    exec 8>"$RUN/test.lock"
    flock -n 8 || die "another ./quickstart test works in $RUN"
    PYTHON=/usr/bin/python3 # the one Debian's packages belong to
    settings_load
    step packages "Debian packages" packages_install "${PACKAGES_BUILD[@]}" "${PACKAGES_RUN[@]}" "${PACKAGES_TEST[@]}"
    step clients "test clients from npm" clients_install
    step build "configure and make" build_make
    echo
    test_units || failed=1
    step template "a database to copy" test_template
    test_black_box "$@" || failed=1
    test_summary || failed=1
    return $failed
}

clients_install() {
    local sum
    [[ -f $TOP/tests/package.json ]] || { note "none"; return; }
    command -v npm >/dev/null || packages_install nodejs npm
    sum=$(cksum <"$TOP/tests/package-lock.json")
    [[ $(cat "$TOP/tests/node_modules/.installed" 2>/dev/null) != "$sum" ]] || { note "installed before"; return; }
    (cd "$TOP/tests" && npm ci --no-audit --no-fund)
    echo "$sum" >"$TOP/tests/node_modules/.installed"
}

test_units() {
    echo "== make check"
    : >"$RUN/log/check.start"
    if make -C "$BUILD" -j"$(nproc)" check >"$RUN/log/check.log" 2>&1 8>&-; then
        sed -n '/^# TOTAL:/,/^# ERROR:/p' "$RUN/log/check.log"
        return
    fi
    tail -n 40 "$RUN/log/check.log"
    echo "whole log: $RUN/log/check.log"
    return 1
}

# A cluster with the migrations in it. Each stack of the suite begins with a copy, which takes a tenth of the time.
test_template() {
    rm -rf "$RUN/template"
    NEXUS_RUN_DIR=$RUN/template NEXUS_PORT=0 "$TOP/quickstart" template 8>&-
}

test_black_box() {
    local rc=0 stack=$RUN/test arg where=("$TOP/tests")
    for arg; do [[ $arg == -* || ! -e ${arg%%::*} ]] || where=(); done
    rm -f "$RUN/log/pytest.xml"
    test_stacks reset >/dev/null 2>&1 || :
    echo "== black-box suite (stacks in $stack-*)"
    # Tests wait more than they compute: one process more than there are processors, each with a stack, a file of tests at a time.
    NEXUS_TEST_RUN_DIR=$stack NEXUS_PG_TEMPLATE=$(readlink -f "$RUN/template")/pg NEXUS_BUILD_DIR=$BUILD "$PYTHON" -m pytest -q -rfEs -c "$TOP/tests/pytest.ini" \
        --rootdir="$TOP" -p no:cacheprovider --junitxml="$RUN/log/pytest.xml" -n $(($(nproc) + 1)) --dist loadfile \
        "$@" "${where[@]}" 8>&- || rc=$?
    if [[ $rc -eq 0 ]]; then test_stacks reset; else test_stacks stop; echo "their logs: $stack-*/log"; fi
    return $rc
}

test_stacks() { # quickstart itself, on the stacks of the suite
    local stack rc=0
    for stack in "$RUN"/test*/; do
        [[ ! -d $stack/log ]] || NEXUS_RUN_DIR=${stack%/} "$TOP/quickstart" "$@" 8>&- || rc=1
    done
    return $rc
}

# "passed failed" of the C suite. A program of Check's says how many checks it made; any other counts as one.
units_count() {
    local trs report result count bad errors passed=0 failed=0
    grep -q '^# TOTAL:' "$RUN/log/check.log" || { echo "0 1"; return; }
    while IFS= read -r trs; do
        report=$(sed -nE 's/^[0-9]+%: Checks: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+)$/\1 \2 \3/p' "${trs%.trs}.log")
        result=$(sed -n 's/^:test-result: //p' "$trs")
        if [[ -n $report && $report != *$'\n'* ]]; then
            read -r count bad errors <<<"$report"
            passed=$((passed + count - bad - errors)) failed=$((failed + bad + errors))
        elif [[ $result == PASS ]]; then
            passed=$((passed + 1))
        fi
        # Also a program whose checks are fine has failed when it says so, by a leak for example.
        [[ $result != FAIL && $result != ERROR || $report =~ \ [1-9] ]] || failed=$((failed + 1))
    done < <(find "$BUILD" -name '*.trs' -newer "$RUN/log/check.start")
    echo "$passed $failed"
}

pytest_count() {
    "$PYTHON" - "$RUN/log/pytest.xml" <<'PY'
import sys, xml.etree.ElementTree as tree
try:
    suite = tree.parse(sys.argv[1]).getroot().find("testsuite")
    number = {k: int(suite.get(k)) for k in ("tests", "failures", "errors", "skipped")}
    failed = number["failures"] + number["errors"]
    print(max(number["tests"] - failed - number["skipped"], 0), failed)
except (OSError, tree.ParseError):
    print(0, 1)
PY
}

test_summary() {
    local unit_passed unit_failed passed failed
    read -r unit_passed unit_failed < <(units_count)
    read -r passed failed < <(pytest_count)
    echo
    echo "make check: $unit_passed passed, $unit_failed failed"
    echo "pytest: $passed passed, $failed failed"
    echo "$((unit_passed + passed)) passed, $((unit_failed + failed)) failed"
    [[ $((unit_failed + failed)) -eq 0 ]]
}

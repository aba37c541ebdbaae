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
    (cd "$BUILD" && make -j"$(nproc)" check) >"$RUN/log/check.log" 2>&1 8>&- && return
    tail -n 40 "$RUN/log/check.log"
    echo "whole log: $RUN/log/check.log"
    return 1
}

test_black_box() {
    local rc=0 stack=$RUN/test
    rm -f "$RUN/log/pytest.xml"
    test_stack reset >/dev/null 2>&1 || :
    echo "== black-box suite (stack in $stack)"
    NEXUS_TEST_RUN_DIR=$stack NEXUS_BUILD_DIR=$BUILD "$PYTHON" -m pytest -q -rfEs --rootdir="$TOP/tests" \
        -p no:cacheprovider --junitxml="$RUN/log/pytest.xml" "${@:-$TOP/tests}" 8>&- || rc=$?
    if [[ $rc -eq 0 ]]; then test_stack reset; else test_stack stop; echo "its logs: $stack/log"; fi
    return $rc
}

test_stack() { # quickstart itself, on the stack of the suite
    [[ ! -d $RUN/test/log ]] || NEXUS_RUN_DIR=$RUN/test "$TOP/quickstart" "$@" 8>&-
}

# "passed failed" of the C suite; a run that did not get to its summary counts as one failure.
units_count() {
    grep -q '^# TOTAL:' "$RUN/log/check.log" || { echo "0 1"; return; }
    awk '/^# PASS:/ { passed += $3 } /^# (FAIL|ERROR|XPASS):/ { failed += $3 } END { print passed + 0, failed + 0 }' \
        "$RUN/log/check.log"
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

# tests/: the black-box suite, benches and the targets that run them.
# What is in these folders belongs to the tarball; tests/test_build.py compares it with what is committed.
EXTRA_DIST += $(wildcard $(srcdir)/tests/*.py $(srcdir)/tests/*.mjs $(srcdir)/tests/bench/*.*) \
	%D%/with-postgres %D%/pytest.ini %D%/package.json %D%/package-lock.json %D%/.npmrc \
	$(wildcard $(srcdir)/tests/systemd/*.py) %D%/fresh/run.sh %D%/data/recurrences.py %D%/data/recurrences.tsv %D%/data/london.mmdb %D%/data/paris.mmdb

# Check ends a test after 4 s by default, which a busy machine under sanitizers can need.
AM_TESTS_ENVIRONMENT = CK_DEFAULT_TIMEOUT=120; export CK_DEFAULT_TIMEOUT;

# The Python of Debian's packages, whatever else is in PATH.
PYTHON3 = /usr/bin/python3
PYTEST = $(PYTHON3) -m pytest -p no:cacheprovider
BENCH_ARGS =

# Black-box tests against this build.
check-http: all
	cd $(srcdir) && NEXUS_BUILD_DIR=$(abs_builddir) $(PYTEST) -q tests

# Events of a payment in all 5,040 orders, and of a booking in all 120; the suite has samples of them.
check-orders: all
	cd $(srcdir) && NEXUS_ALL_ORDERS=1 NEXUS_BUILD_DIR=$(abs_builddir) $(PYTEST) -q tests/test_payments_orders.py tests/test_booking_model.py

# Everything again under AddressSanitizer and UBSan, in a build of its own.
check-sanitize:
	$(MKDIR_P) sanitize
	test -f sanitize/Makefile || (cd sanitize && $(abs_srcdir)/configure -q --enable-sanitizers)
	cd sanitize && $(MAKE) && $(MAKE) check
	cd $(srcdir) && NEXUS_BUILD_DIR=$(abs_builddir)/sanitize $(PYTEST) -q tests

# What the units run through; needs a build with --enable-coverage and gcovr. `make coverage COVERAGE_WITH=check-http`
# measures the black-box suite instead, or both when asked for both.
COVERAGE_WITH = check
if COVERAGE
coverage:
	find . -name '*.gcda' -exec rm -f {} +
	$(MAKE) $(AM_MAKEFLAGS) $(COVERAGE_WITH)
	$(MKDIR_P) coverage
	gcovr --root $(srcdir) --object-directory . --filter '$(abs_srcdir)/src/' --exclude '.*_tests?\.[ch]$$' \
		--gcov-ignore-parse-errors --print-summary --txt coverage/coverage.txt \
		--html-details coverage/index.html --cobertura coverage/coverage.xml
	@tail -n 3 coverage/coverage.txt; echo "each line: $(abs_builddir)/coverage/index.html"
clean-local:
	rm -rf coverage
	find . \( -name '*.gcda' -o -name '*.gcno' \) -exec rm -f {} +
else
coverage:
	@echo "this build does not count: configure one with --enable-coverage" >&2; exit 1
endif

# Every warning of both compilers as an error, in builds of their own.
check-compilers:
	for cc in gcc clang; do \
	    $(MKDIR_P) compiler-$$cc && (cd compiler-$$cc && \
	        { test -f Makefile || $(abs_srcdir)/configure -q CC=$$cc --enable-werror; } && \
	        $(MAKE) && $(MAKE) check TESTS=) || exit 1; \
	done

bench_programs = src/auth/token_bench$(EXEEXT)
if HAVE_CHECK
bench_programs += src/http/gates_bench$(EXEEXT)
endif
# Throughput, latency and CPU beside references of the same run; a table, and figures in bench.json.
bench: all $(bench_programs)
	NEXUS_BUILD_DIR=$(abs_builddir) $(PYTHON3) $(srcdir)/tests/bench/bench.py --json $(abs_builddir)/bench.json $(BENCH_ARGS)

# The two commands of the README on a bare Debian 12; needs root, a mirror and some ten minutes.
check-fresh:
	$(srcdir)/tests/fresh/run.sh

.PHONY: check-orders check-fresh check-http check-sanitize check-compilers coverage bench

include tests/ctl.mk
include tests/domain.mk
include tests/fuzz/module.mk
include tests/mutants/module.mk
include tests/kills/module.mk
include tests/race/module.mk


# tests/: the black-box suite, benches and the targets that run them.
EXTRA_DIST += %D%/with-postgres %D%/test_plans.py %D%/conftest.py %D%/stack.py %D%/load.py %D%/marketplace.py %D%/test_account.py %D%/test_faults.py %D%/fcgi.py \
	%D%/test_supervisor.py %D%/test_reload.py \
	%D%/bench/bench.py %D%/bench/statements.py %D%/bench/replay.lua %D%/bench/book.lua
# Nginx, HAProxy, units and scripts.
EXTRA_DIST += %D%/edge.py %D%/tables.py %D%/test_edge_nginx.py %D%/test_edge_haproxy.py %D%/test_systemd.py \
	%D%/test_scripts.py %D%/test_systemd_boot.py %D%/systemd/probe.py %D%/systemd/sandbox.py \
	%D%/fresh/run.sh %D%/pytest.ini %D%/test_quickstart.py %D%/test_edge_stack.py

# Check ends a test after 4 s by default, which a busy machine under sanitizers can need.
AM_TESTS_ENVIRONMENT = CK_DEFAULT_TIMEOUT=120; export CK_DEFAULT_TIMEOUT;

# The Python of Debian's packages, whatever else is in PATH.
PYTHON3 = /usr/bin/python3
PYTEST = $(PYTHON3) -m pytest -p no:cacheprovider
BENCH_ARGS =

# Black-box tests against this build.
check-http: all
	cd $(srcdir) && NEXUS_BUILD_DIR=$(abs_builddir) $(PYTEST) -q tests

# Everything again under AddressSanitizer and UBSan, in a build of its own.
check-sanitize:
	$(MKDIR_P) sanitize
	test -f sanitize/Makefile || (cd sanitize && $(abs_srcdir)/configure -q --enable-sanitizers)
	cd sanitize && $(MAKE) && $(MAKE) check
	cd $(srcdir) && NEXUS_BUILD_DIR=$(abs_builddir)/sanitize $(PYTEST) -q tests

# Throughput, latency and CPU beside references of the same run; a table, and figures in bench.json.
bench: all
	NEXUS_BUILD_DIR=$(abs_builddir) $(PYTHON3) $(srcdir)/tests/bench/bench.py --json $(abs_builddir)/bench.json $(BENCH_ARGS)

# The two commands of the README on a bare Debian 12; needs root, a mirror and some ten minutes.
check-fresh:
	$(srcdir)/tests/fresh/run.sh

.PHONY: check-fresh check-http check-sanitize bench

include tests/ctl.mk
include tests/domain.mk
include tests/fuzz/module.mk

# The contract: OpenAPI and what answers must keep to.
EXTRA_DIST += %D%/openapi.py %D%/openapi_validate.mjs %D%/package.json %D%/package-lock.json %D%/.npmrc \
	%D%/test_http_openapi.py
EXTRA_DIST += %D%/negative.py %D%/test_negative.py %D%/test_http_idempotency.py %D%/test_http_protocol.py

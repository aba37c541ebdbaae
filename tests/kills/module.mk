# tests/kills/: processes of nexus-jobs and its broker killed under load; the suite runs short forms (tests/test_jobs*.py).
EXTRA_DIST += $(wildcard $(srcdir)/tests/kills/*.py)

# 1,000 kills with a broker; KILLS_ARGS="--kills 100 --no-broker" for less.
KILLS_ARGS =
check-kills: all
	NEXUS_BUILD_DIR=$(abs_builddir) $(PYTHON3) $(srcdir)/tests/kills/kills.py $(KILLS_ARGS)
.PHONY: check-kills

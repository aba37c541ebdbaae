# tests/race/: many buyers, few nights, and things that are killed meanwhile. The suite runs a short form (tests/test_race_kills.py).
EXTRA_DIST += $(wildcard $(srcdir)/tests/race/*.py)

# 10,000 buyers for one night, then 2,000 clients and 24 kills; RACE_ARGS="--seed 7 --kills 100" for another race.
RACE_ARGS =
race: all
	NEXUS_BUILD_DIR=$(abs_builddir) $(PYTHON3) $(srcdir)/tests/race/race.py $(RACE_ARGS)
.PHONY: race

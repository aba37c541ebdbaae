# Bugs that are planted one by one, each to be noticed by the tests it names; some minutes.
EXTRA_DIST += %D%/run.py $(wildcard $(srcdir)/%D%/*.patch)

mutants:
	$(PYTHON3) $(srcdir)/tests/mutants/run.py $(MUTANTS)

.PHONY: mutants

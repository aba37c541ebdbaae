# files of tests/
EXTRA_DIST += %D%/conftest.py %D%/stack.py

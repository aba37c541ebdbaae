# Tests of nexusctl over a private PostgreSQL.
EXTRA_DIST += %D%/database.py %D%/test_ctl.py %D%/test_import.py %D%/data/inside-airbnb-small/listings.csv \
	%D%/data/inside-airbnb-small/calendar.csv %D%/data/inside-airbnb-small/reviews.csv

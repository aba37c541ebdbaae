# Tests of properties, search, calendars, quotes and bookings.
EXTRA_DIST += %D%/test_property.py %D%/test_search.py %D%/test_calendar.py %D%/test_calendar_rules.py %D%/test_zones.py %D%/test_booking.py %D%/test_pricing.py %D%/price_oracle.py %D%/test_race.py %D%/matrix.py %D%/matrix.tsv %D%/test_matrix.py %D%/test_roles.py

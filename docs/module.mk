# docs/: what people read. Manual pages are listed by the folder of their program.
dist_doc_DATA = README.md HACKING.md NEWS %D%/architecture.md %D%/audit.md %D%/booking-states.md %D%/bookings.md %D%/calendar.md %D%/ical.md %D%/database.md %D%/errors.md %D%/events.md \
	%D%/federation.md %D%/http.md %D%/install.md %D%/jobs.md %D%/keys.md %D%/ledger.md %D%/mails.md %D%/notifications.md %D%/oauth.md %D%/payments.md %D%/permissions.md %D%/photos.md %D%/pricing.md %D%/tracking.md %D%/webhooks.md
adrdir = $(docdir)/adr
dist_adr_DATA = $(wildcard $(srcdir)/%D%/adr/*.md)

# The diagram needs a migrated database, which with-postgres makes; tests/test_ctl.py compares.
docs_targets += update-database
update-database: nexusctl
	$(AM_V_GEN)$(srcdir)/tests/with-postgres ./nexusctl schema erd > database.md.tmp
	$(AM_V_at)mv database.md.tmp $(srcdir)/docs/database.md

# From the tables of the program.
EXTRA_DIST += %D%/errors.awk
docs_targets += update-reference
update-reference: src/api/reference
	$(AM_V_GEN)$(AWK) -f $(srcdir)/docs/errors.awk $(srcdir)/src/base/errors.def > $(srcdir)/docs/errors.md
	$(AM_V_GEN)src/api/reference < $(srcdir)/sql/migrations/20261123080100_roles.sql > permissions.md.tmp
	$(AM_V_at)mv permissions.md.tmp $(srcdir)/docs/permissions.md
.PHONY: update-database update-reference

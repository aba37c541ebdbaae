nexusmigrationsdir = $(pkgdatadir)/migrations
dist_nexusmigrations_DATA = %D%/migrations/20261123050000_spine.sql \
	%D%/migrations/20261123080000_identity.sql \
	%D%/migrations/20261123080050_accounts.sql \
	%D%/migrations/20261123080100_roles.sql \
	%D%/migrations/20261123080200_oauth.sql \
	%D%/migrations/20261123080300_audit.sql \
	%D%/migrations/20261123082900_bookings_by_guest_of_property.sql \
	%D%/migrations/20261123084500_suspension.sql \
	%D%/migrations/20261123091500_federation.sql \
	%D%/migrations/20261123095900_business_time.sql \
	%D%/migrations/20261123100000_calendar_rules.sql \
	%D%/migrations/20261123100100_pricing.sql \
	%D%/migrations/20261123100200_booking_life.sql \
	%D%/migrations/20261123100300_payments.sql \
	%D%/migrations/20261123100400_ledger.sql \
	%D%/migrations/20261123110000_jobs.sql \
	%D%/migrations/20261123110100_mail_notifications.sql \
	%D%/migrations/20261123110200_events_webhooks.sql \
	%D%/migrations/20261123110300_ical.sql \
	%D%/migrations/20261123110400_tracking.sql \
	%D%/migrations/20261123110500_property_sight.sql \
	%D%/migrations/20261123120000_jobs_admin.sql \
	%D%/migrations/20261123120100_calendar_notices.sql \
	%D%/migrations/20261123120200_pricing_events.sql \
	%D%/migrations/20261123120500_photos.sql

# Statements of the write side, one file per domain; src/db/queries.awk makes constants of them.
nexus_queries = \
	%D%/queries/access.sql \
	%D%/queries/account.sql \
	%D%/queries/admin.sql \
	%D%/queries/audit.sql \
	%D%/queries/booking.sql \
	%D%/queries/calendar.sql \
	%D%/queries/event.sql \
	%D%/queries/federation.sql \
	%D%/queries/ical.sql \
	%D%/queries/idempotency.sql \
	%D%/queries/jobs.sql \
	%D%/queries/ledger.sql \
	%D%/queries/member.sql \
	%D%/queries/notify.sql \
	%D%/queries/outbox.sql \
	%D%/queries/oauth.sql \
	%D%/queries/payment.sql \
	%D%/queries/photo.sql \
	%D%/queries/pricing.sql \
	%D%/queries/property.sql \
	%D%/queries/review.sql \
	%D%/queries/role.sql \
	%D%/queries/second_factor.sql \
	%D%/queries/session.sql \
	%D%/queries/tracking.sql \
	%D%/queries/webhook.sql
EXTRA_DIST += $(nexus_queries)

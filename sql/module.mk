nexusmigrationsdir = $(pkgdatadir)/migrations
dist_nexusmigrations_DATA = %D%/migrations/20261123050000_spine.sql

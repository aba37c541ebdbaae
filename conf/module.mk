# files of conf/
EXTRA_DIST += quickstart .ci/run %D%/edge-errors.awk \
	%D%/quickstart/common.sh %D%/quickstart/packages.sh %D%/quickstart/build.sh %D%/quickstart/certs.sh \
	%D%/quickstart/postgresql.sh %D%/quickstart/redis.sh %D%/quickstart/rabbitmq.sh %D%/quickstart/api.sh %D%/quickstart/nginx.sh \
	%D%/quickstart/demo.sh %D%/quickstart/test.sh \
	%D%/nginx/quickstart.conf.in %D%/nginx/sites-available/nexus \
	$(nginx_snippets) $(nginx_confd) $(postgresql_conf) $(redis_conf)

nginx_snippets = %D%/nginx/snippets/nexus-cors.conf %D%/nginx/snippets/nexus-errors.conf %D%/nginx/snippets/nexus-fastcgi.conf \
	%D%/nginx/snippets/nexus-gzip.conf %D%/nginx/snippets/nexus-headers.conf \
	%D%/nginx/snippets/nexus-limits.conf %D%/nginx/snippets/nexus-server.conf %D%/nginx/snippets/nexus-tls.conf
nginx_confd = %D%/nginx/conf.d/nexus.conf %D%/nginx/conf.d/nexus-site.conf
postgresql_conf = %D%/postgresql/nexus.conf %D%/postgresql/roles.sql %D%/postgresql/database.sql \
	%D%/postgresql/pg_hba.conf %D%/postgresql/pg_ident.conf
redis_conf = %D%/redis/nexus.conf

# Templates of mails, a folder a language.
mailendir = $(pkgdatadir)/mail/en
dist_mailen_DATA = $(wildcard $(srcdir)/%D%/mail/en/*)
maildedir = $(pkgdatadir)/mail/de
dist_mailde_DATA = $(wildcard $(srcdir)/%D%/mail/de/*)

# Examples of how to run the servers around Nexus; a package puts them in their places.
examplesdir = $(datadir)/doc/$(PACKAGE)/examples
nginxconfdir = $(examplesdir)/nginx/conf.d
nginxconf_DATA = $(nginx_confd)
nginxsnippetsdir = $(examplesdir)/nginx/snippets
nginxsnippets_DATA = $(nginx_snippets)
nginxsitedir = $(examplesdir)/nginx/sites-available
nginxsite_DATA = %D%/nginx/sites-available/nexus
postgresqlconfdir = $(examplesdir)/postgresql
postgresqlconf_DATA = $(postgresql_conf)
redisconfdir = $(examplesdir)/redis
redisconf_DATA = $(redis_conf)

# What Nginx and HAProxy answer by themselves, anew from errors.def (a test compares).
docs_targets += edge-errors
edge-errors:
	$(AWK) -v out=nginx -f $(srcdir)/conf/edge-errors.awk $(srcdir)/src/base/errors.def > $(srcdir)/conf/nginx/snippets/nexus-errors.conf
	for status in 400 403 408 413 429 500 502 503 504; do \
	    $(AWK) -v out=haproxy -v status=$$status -f $(srcdir)/conf/edge-errors.awk $(srcdir)/src/base/errors.def \
	        > $(srcdir)/haproxy/errors/$$status.json || exit 1; \
	done
.PHONY: edge-errors

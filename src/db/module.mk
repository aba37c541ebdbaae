# src/db: PostgreSQL.
libnexus_a_SOURCES += %D%/db.h %D%/internal.h %D%/prepared.h %D%/constraints.def %D%/copy.h \
	%D%/batch.c %D%/connection.c %D%/copy.c %D%/error.c %D%/listen.c %D%/load.c %D%/param.c %D%/prepared.c %D%/row.c
nodist_libnexus_a_SOURCES = %D%/queries.c %D%/queries.h

# The statements named in sql/queries become constants.
BUILT_SOURCES += %D%/queries.h
CLEANFILES += %D%/queries.h %D%/queries.c
EXTRA_DIST += %D%/queries.awk
nexus_make_queries = $(MKDIR_P) $(@D) && \
	$(AWK) -f $(srcdir)/src/db/queries.awk -v mode=$${mode} $(nexus_queries:%=$(srcdir)/%) > $@.tmp && mv $@.tmp $@
%D%/queries.h: $(nexus_queries) %D%/queries.awk
	$(AM_V_GEN)mode=h; $(nexus_make_queries)
%D%/queries.c: $(nexus_queries) %D%/queries.awk
	$(AM_V_GEN)mode=c; $(nexus_make_queries)

if HAVE_CHECK
check_PROGRAMS += %D%/db_tests
%C%_db_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_db_tests_SOURCES = %D%/db_tests.c
%C%_db_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif

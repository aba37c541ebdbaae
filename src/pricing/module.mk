# src/pricing: what a stay costs, and quotes.
libnexus_a_SOURCES += %D%/pricing.h %D%/pricing_rules.h %D%/pricing_rules.c %D%/quote_entity.c %D%/quote_lines.c \
	%D%/op_quote_create.c %D%/op_quote_read.c

if HAVE_CHECK
check_PROGRAMS += %D%/pricing_tests
%C%_pricing_tests_SOURCES = %D%/pricing_tests.c
%C%_pricing_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif

# src/pricing: what a stay costs, quotes, coupons.
libnexus_a_SOURCES += %D%/pricing.h %D%/pricing_rules.h %D%/pricing_rules.c %D%/price_engine.h %D%/price_engine.c \
	%D%/price_split.c %D%/pricing_plan.h %D%/pricing_plan.c %D%/quote_entity.c %D%/quote_lines.c \
	%D%/op_quote_create.c %D%/op_quote_read.c

if HAVE_CHECK
check_PROGRAMS += %D%/pricing_tests %D%/price_tests
%C%_pricing_tests_SOURCES = %D%/pricing_tests.c
%C%_pricing_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
%C%_price_tests_SOURCES = %D%/price_tests.c
%C%_price_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif

# A million random prices and splits.
check-prices: %D%/price_tests$(EXEEXT)
	NEXUS_PRICE_CASES=1000000 CK_DEFAULT_TIMEOUT=0 %D%/price_tests$(EXEEXT)
.PHONY: check-prices

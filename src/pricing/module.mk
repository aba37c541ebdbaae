# src/pricing: what a stay costs, quotes, coupons.
libnexus_a_SOURCES += %D%/pricing.h %D%/price_engine.h %D%/price_engine.c \
	%D%/price_split.c %D%/price_json.c %D%/pricing_plan.h %D%/pricing_plan.c %D%/pricing_in.h %D%/pricing_shape.c %D%/pricing_store.c %D%/quote.h %D%/quote_make.c \
	%D%/quote_entity.c %D%/quote_lines.c %D%/op_quote_create.c %D%/op_quote_read.c %D%/op_quote_explain.c \
	%D%/op_pricing_read.c %D%/op_pricing_update.c %D%/coupon.h %D%/coupon_entity.c %D%/op_coupon_create.c \
	%D%/search_price.h %D%/search_price.c %D%/op_coupon_list.c %D%/op_coupon_read.c %D%/op_coupon_update.c

if HAVE_CHECK
check_PROGRAMS += %D%/price_tests
%C%_price_tests_SOURCES = %D%/price_tests.c
%C%_price_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif

# A million random prices and splits.
check-prices: %D%/price_tests$(EXEEXT)
	NEXUS_PRICE_CASES=1000000 CK_DEFAULT_TIMEOUT=0 %D%/price_tests$(EXEEXT)
.PHONY: check-prices

# src/property: properties, their units, and the search.
libnexus_a_SOURCES += %D%/property.h %D%/property_in.h %D%/search_rules.h %D%/amenities.def \
	%D%/property_entity.c %D%/property_in.c %D%/property_store.c %D%/search_rules.c \
	%D%/op_property_list.c %D%/op_property_list_own.c %D%/op_property_create.c %D%/op_property_read.c \
	%D%/op_property_update.c %D%/op_property_delete.c

if HAVE_CHECK
check_PROGRAMS += %D%/search_tests
%C%_search_tests_SOURCES = %D%/search_tests.c
%C%_search_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif

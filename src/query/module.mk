# sources of src/query
libnexus_a_SOURCES += %D%/entity.h %D%/plan.h

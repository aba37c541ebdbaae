# sources of src/cache
libnexus_a_SOURCES += %D%/cache.h

# sources of src/db
libnexus_a_SOURCES += %D%/db.h %D%/constraints.def

# sources of src/auth
libnexus_a_SOURCES += %D%/auth.h %D%/permissions.def

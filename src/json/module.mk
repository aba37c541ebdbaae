# sources of src/json
libnexus_a_SOURCES += %D%/shape.h %D%/decode.h

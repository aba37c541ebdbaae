# sources of src/http
libnexus_a_SOURCES += %D%/request.h %D%/op.h %D%/serve.h %D%/idempotency.h %D%/etag.h

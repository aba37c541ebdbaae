# tests/fuzz: `make fuzz` runs the fuzzers for FUZZ_SECONDS each. Needs clang with libFuzzer; no part of `make check`.
FUZZ_CC = clang
FUZZ_SECONDS = 60
FUZZ_CFLAGS = -std=gnu11 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
fuzz_decode_files = tests/fuzz/decode_fuzz.c src/json/sample_shape.c src/json/decode.c src/json/decode_value.c src/json/shape.c \
	src/json/scan.c src/json/pointer.c src/json/format.c src/json/timezone.c src/json/write.c src/base/arena.c \
	src/base/buf.c src/base/clock.c src/base/date.c src/base/log.c src/base/near.c src/base/str.c \
	src/base/utf8.c src/base/uuid.c

fuzz_claims_files = tests/fuzz/claims_fuzz.c src/auth/claims.c src/base/base64url.c src/base/str.c src/base/utf8.c

fuzz_import_files = tests/fuzz/import_fuzz.c src/ctl/csv.c src/ctl/text.c src/ctl/airbnb_words.c src/base/buf.c src/base/clock.c src/base/date.c \
	src/base/log.c src/base/str.c src/base/utf8.c

fuzz_ical_files = tests/fuzz/ical_fuzz.c src/ical/ical_parse.c src/ical/ical_event.c src/ical/ical_recur.c src/ical/ical_zones.c \
	src/json/timezone.c src/base/arena.c src/base/buf.c src/base/clock.c src/base/date.c src/base/log.c src/base/str.c src/base/utf8.c

fuzz_multipart_files = tests/fuzz/multipart_fuzz.c src/http/multipart.c src/base/str.c src/base/utf8.c

fuzz_answer_files = tests/fuzz/answer_fuzz.c src/decode/decode.c src/base/arena.c src/base/buf.c src/base/clock.c src/base/date.c src/base/log.c \
	src/base/str.c src/base/utf8.c

# A whole request needs everything below the programs.
fuzz_request_files = tests/fuzz/request_fuzz.c $(filter %.c,$(libnexus_a_SOURCES))

EXTRA_DIST += %D%/multipart_fuzz.c %D%/multipart_corpus %D%/answer_fuzz.c %D%/ical_fuzz.c %D%/ical_corpus %D%/request_fuzz.c %D%/request_corpus %D%/import_fuzz.c %D%/decode_fuzz.c %D%/decode_corpus %D%/claims_fuzz.c %D%/claims_corpus
CLEANFILES += multipart_fuzz answer_fuzz ical_fuzz decode_fuzz claims_fuzz import_fuzz request_fuzz
.PHONY: fuzz
decode_fuzz: $(fuzz_decode_files)
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_CFLAGS) -I$(srcdir)/src $(DEPS_CFLAGS) -o $@ \
		$(addprefix $(srcdir)/,$(fuzz_decode_files)) $(DEPS_LIBS) -lm
claims_fuzz: $(fuzz_claims_files)
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_CFLAGS) -I$(srcdir)/src $(DEPS_CFLAGS) -o $@ \
		$(addprefix $(srcdir)/,$(fuzz_claims_files)) $(DEPS_LIBS)
import_fuzz: $(fuzz_import_files)
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_CFLAGS) -I$(srcdir)/src -o $@ $(addprefix $(srcdir)/,$(fuzz_import_files)) $(ZLIB_LIBS) -lm
ical_fuzz: $(fuzz_ical_files)
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_CFLAGS) -I$(srcdir)/src $(DEPS_CFLAGS) -o $@ \
		$(addprefix $(srcdir)/,$(fuzz_ical_files)) $(DEPS_LIBS) $(ICAL_LIBS)
multipart_fuzz: $(fuzz_multipart_files)
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_CFLAGS) -I$(srcdir)/src -o $@ $(addprefix $(srcdir)/,$(fuzz_multipart_files)) -lm
answer_fuzz: $(fuzz_answer_files)
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_CFLAGS) -I$(srcdir)/src -o $@ $(addprefix $(srcdir)/,$(fuzz_answer_files)) -lm
request_fuzz: $(fuzz_request_files) src/db/queries.h src/db/queries.c
	$(AM_V_CC)$(FUZZ_CC) $(FUZZ_CFLAGS) $(AM_CPPFLAGS) -DPACKAGE_VERSION='"fuzz"' $(DEPS_CFLAGS) $(ZLIB_CFLAGS) -o $@ \
		$(addprefix $(srcdir)/,$(fuzz_request_files)) src/db/queries.c $(DEPS_LIBS) $(FCGI_LIBS) $(ZLIB_LIBS) -lpthread -lm
# What is found new goes into fuzz-corpus/ of the build folder; the committed corpus only seeds it.
fuzz: decode_fuzz claims_fuzz import_fuzz ical_fuzz multipart_fuzz answer_fuzz request_fuzz
	$(MKDIR_P) fuzz-corpus-multipart fuzz-corpus-answer fuzz-corpus-ical fuzz-corpus fuzz-corpus-claims fuzz-corpus-import fuzz-corpus-request
	./decode_fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096 -print_final_stats=1 \
		fuzz-corpus $(srcdir)/tests/fuzz/decode_corpus
	./claims_fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096 -print_final_stats=1 \
		fuzz-corpus-claims $(srcdir)/tests/fuzz/claims_corpus
	./import_fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096 -print_final_stats=1 \
		fuzz-corpus-import $(srcdir)/tests/data/inside-airbnb-small
	./ical_fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=8192 -print_final_stats=1 \
		fuzz-corpus-ical $(srcdir)/tests/fuzz/ical_corpus
	./multipart_fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=8192 -print_final_stats=1 \
		fuzz-corpus-multipart $(srcdir)/tests/fuzz/multipart_corpus
	./answer_fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096 -print_final_stats=1 fuzz-corpus-answer
	./request_fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=8192 -print_final_stats=1 \
		fuzz-corpus-request $(srcdir)/tests/fuzz/request_corpus

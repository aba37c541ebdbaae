# src/base: what depends on nothing above it.
libnexus_a_SOURCES += %D%/arena.h %D%/buf.h %D%/str.h %D%/err.h %D%/errors.def %D%/log.h %D%/clock.h \
	%D%/date.h %D%/uuid.h %D%/options.h %D%/options.def \
	%D%/scoreboard.h %D%/scoreboard.c

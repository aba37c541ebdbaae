# src/mail: what mails say, how they are put together and sent.
libnexus_a_SOURCES += %D%/mail.h %D%/topics.def %D%/topics.c %D%/render.c %D%/message.c %D%/smtp.h %D%/smtp.c

if HAVE_CHECK
check_PROGRAMS += %D%/mail_tests
%C%_mail_tests_CPPFLAGS = $(AM_CPPFLAGS) -DNEXUS_SRCDIR='"$(abs_srcdir)"'
%C%_mail_tests_SOURCES = %D%/mail_tests.c
%C%_mail_tests_LDADD = $(NEXUS_LIBS) $(CHECK_LIBS)
endif

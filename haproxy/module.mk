# HAProxy in front of several hosts: an example, like those of conf/.
haproxy_errors = %D%/errors/400.json %D%/errors/403.json %D%/errors/408.json %D%/errors/413.json \
	%D%/errors/429.json %D%/errors/500.json %D%/errors/502.json %D%/errors/503.json %D%/errors/504.json
haproxyconfdir = $(examplesdir)/haproxy
haproxyconf_DATA = %D%/haproxy.cfg
haproxyerrorsdir = $(haproxyconfdir)/errors
haproxyerrors_DATA = $(haproxy_errors)
EXTRA_DIST += %D%/haproxy.cfg $(haproxy_errors)

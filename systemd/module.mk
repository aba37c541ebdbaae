# systemd units, with the directories of this configuration filled in.
units_made = systemd/nexus-api.service systemd/nexus-decode.service systemd/nexus-fetch.service systemd/nexus-jobs.service systemd/nexus-migrate.service
systemdsystemunit_DATA = %D%/nexus-api.socket %D%/nexus-decode.socket %D%/nexus-fetch.socket %D%/nexus.target $(units_made)
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d

EXTRA_DIST += %D%/nexus-api.socket %D%/nexus-decode.socket %D%/nexus-fetch.socket %D%/nexus.target %D%/nexus-api.service.in %D%/nexus-decode.service.in %D%/nexus-fetch.service.in %D%/nexus-jobs.service.in %D%/nexus-migrate.service.in \
	%D%/nexus.sysusers %D%/nexus.tmpfiles.in
CLEANFILES += $(units_made) systemd/nexus.tmpfiles
all-local: $(units_made) systemd/nexus.tmpfiles

systemd_fill = $(AM_V_GEN)$(MKDIR_P) systemd && sed -e 's|@bindir[@]|$(bindir)|g' -e 's|@sbindir[@]|$(sbindir)|g' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|g' $< > $@
systemd/nexus-api.service: %D%/nexus-api.service.in Makefile
	$(systemd_fill)
systemd/nexus-decode.service: %D%/nexus-decode.service.in Makefile
	$(systemd_fill)
systemd/nexus-fetch.service: %D%/nexus-fetch.service.in Makefile
	$(systemd_fill)
systemd/nexus-jobs.service: %D%/nexus-jobs.service.in Makefile
	$(systemd_fill)
systemd/nexus-migrate.service: %D%/nexus-migrate.service.in Makefile
	$(systemd_fill)
systemd/nexus.tmpfiles: %D%/nexus.tmpfiles.in Makefile
	$(systemd_fill)

# Both files are named after the package where they go.
install-data-hook: install-systemd
install-systemd: systemd/nexus.tmpfiles
	$(MKDIR_P) "$(DESTDIR)$(sysusersdir)" "$(DESTDIR)$(tmpfilesdir)"
	$(INSTALL_DATA) $(srcdir)/systemd/nexus.sysusers "$(DESTDIR)$(sysusersdir)/nexus.conf"
	$(INSTALL_DATA) systemd/nexus.tmpfiles "$(DESTDIR)$(tmpfilesdir)/nexus.conf"
uninstall-hook: uninstall-systemd
uninstall-systemd:
	rm -f "$(DESTDIR)$(sysusersdir)/nexus.conf" "$(DESTDIR)$(tmpfilesdir)/nexus.conf"
.PHONY: install-systemd uninstall-systemd

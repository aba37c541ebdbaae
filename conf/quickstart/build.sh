# shellcheck shell=bash
# The build, out of tree.

build_make() {
    local args
    [[ $TOP/configure -nt $TOP/configure.ac ]] || autoreconf -fi "$TOP"
    mkdir -p "$BUILD"
    read -ra args <<<"$WANTED_CONFIGURE"
    [[ -f $BUILD/Makefile ]] || (cd "$BUILD" && "$TOP/configure" -q "${args[@]}")
    make -C "$BUILD" -j"$(nproc)"
}

# Servers run a copy: a build going on does not disturb them, and another user can reach it.
programs_copy() {
    local program
    for program in nexus-api nexus-jobs nexus-fetch nexus-decode nexusctl; do
        [[ -x $BUILD/$program ]] || { echo "$BUILD/$program is not there"; return 1; }
        file_put "$RUN/bin/$program" 0755 root <"$BUILD/$program"
    done
}

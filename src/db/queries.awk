# Turns sql/queries/*.sql into constants of type struct db_statement.
#
#     -- name: booking_create
#     -- Books the nights of a quote; no row when another stay has taken one.
#     insert into bookings ... values ($1, $2) returning id;
#
# becomes q_booking_create. Comment lines straight after the name are its documentation. The number of parameters is the
# highest $n; a statement that starts with `select' counts as one that only reads and may be sent again after a lost
# connection (write `with' or `insert' around a function that changes something). Run with -v mode=h for the header, -v mode=c for the definitions. Portable awk: mawk and gawk.

function die(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"
    failed = 1
    exit 1
}

function finish(    text) {
    if (name == "")
        return
    text = sql
    sub(/[ \t\n]+$/, "", text)
    sub(/;$/, "", text)
    if (text == "")
        die("statement " name " has no text")
    if (text ~ /;[ \t]*(\n|$)/)
        die("statement " name " is more than one statement")
    count++
    names[count] = name
    docs[count] = doc
    texts[count] = text
    params[count] = highest(text)
    name = ""
}

function highest(text,    n, max) {
    max = 0
    while (match(text, /\$[0-9]+/)) {
        n = substr(text, RSTART + 1, RLENGTH - 1) + 0
        if (n > max)
            max = n
        text = substr(text, RSTART + RLENGTH)
    }
    return max
}

function quoted(line) {
    gsub(/\\/, "\\\\", line)
    gsub(/"/, "\\\"", line)
    return "    \"" line "\\n\""
}

function header(    i) {
    print "/* Made from sql/queries by src/db/queries.awk: the statements of the write side. */"
    print "#ifndef NEXUS_DB_QUERIES_H\n#define NEXUS_DB_QUERIES_H\n\n#include \"db/db.h\"\n"
    for (i = 1; i <= count; i++) {
        if (docs[i] != "")
            print "/*" docs[i] " */"
        print "extern const struct db_statement q_" names[i] ";"
    }
    print "\n/* All of them, NULL-terminated. */\nextern const struct db_statement *const db_queries[];\n\n#endif"
}

function source(    i, j, n, lines) {
    print "/* Made from sql/queries by src/db/queries.awk: the statements of the write side. */"
    print "#include \"db/queries.h\"\n"
    for (i = 1; i <= count; i++) {
        print "const struct db_statement q_" names[i] " = { \"q_" names[i] "\","
        n = split(texts[i], lines, "\n")
        for (j = 1; j <= n; j++)
            print quoted(lines[j]) (j == n ? "," : "")
        print "    " params[i] ", " (tolower(texts[i]) ~ /^[ \t\n]*select[ \t\n]/ ? "true" : "false") " };\n"
    }
    print "const struct db_statement *const db_queries[] = {"
    for (i = 1; i <= count; i++)
        print "    &q_" names[i] ","
    print "    NULL\n};"
}

FNR == 1 { finish() }
/^-- name:/ {
    finish()
    name = $3
    if (name !~ /^[a-z][a-z0-9_]*$/ || NF != 3)
        die("a statement's name is lower case letters, digits and underscores")
    if (length(name) > 60)
        die("a statement's name has at most 60 characters")
    if (name in seen)
        die("statement " name " is defined twice")
    seen[name] = 1
    doc = ""
    sql = ""
    next
}
name == "" {
    if ($0 !~ /^[ \t]*(--.*)?$/)
        die("text before the first `-- name:' line")
    next
}
/^[ \t]*--/ {
    if (sql == "") {
        line = $0
        sub(/^[ \t]*--/, "", line)
        doc = doc (doc == "" ? "" : "\n *") line
    }
    next
}
/^[ \t]*$/ { next }
{ sql = sql $0 "\n" }

END {
    if (failed)
        exit 1
    finish()
    if (failed)
        exit 1
    if (mode == "h")
        header()
    else
        source()
}

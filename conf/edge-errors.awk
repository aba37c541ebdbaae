# Problem documents (RFC 9457) for what Nginx and HAProxy answer by themselves, from src/base/errors.def:
#   make edge-errors
# A test fails when the files in the tree are not what this makes.
BEGIN {
    FS = "\""
    # The edge's own status (those of Nginx from 494 on are internal), the error it is, the status to answer with.
    edge("400", "BAD_REQUEST"); edge("403", "FORBIDDEN"); edge("404", "NOT_FOUND")
    edge("405", "METHOD_NOT_ALLOWED"); edge("408", "REQUEST_TIMEOUT"); edge("413", "BODY_TOO_LARGE")
    edge("414", "URI_TOO_LONG"); edge("415", "MEDIA_TYPE"); edge("429", "RATE_LIMITED")
    edge("431", "HEADERS_TOO_LARGE"); edge("500", "INTERNAL"); edge("502", "BAD_GATEWAY")
    edge("503", "UNAVAILABLE"); edge("504", "TIMEOUT")
    edge("421", "BAD_REQUEST", 421, "This connection does not serve that host.")
    edge("494", "HEADERS_TOO_LARGE")
    edge("495", "BAD_REQUEST", 400, "The client certificate is not valid.")
    edge("496", "BAD_REQUEST", 400, "A client certificate is required.")
    edge("497", "BAD_REQUEST", 400, "This port takes HTTPS only.")
    edge("501", "BAD_REQUEST", 501, "The transfer coding is not supported.")
    edge("505", "BAD_REQUEST", 505, "The HTTP version is not supported.")
    retry["429"] = 1; retry["502"] = 1; retry["503"] = 2; retry["504"] = 2
}
/^ERROR\(/ {
    split($1, head, /[(, ]+/)
    id = head[2]; sub(/^ERR_/, "", id)
    code_of[id] = $2; title_of[id] = $4; doc_of[id] = $6; status_of[id] = head[3]
}
END { if (out == "nginx") nginx(); else if (out == "haproxy") haproxy(status); else exit 2 }

function edge(from, id, to, detail) {
    order[++edges] = from; id_of[from] = id; to_of[from] = to; detail_of[from] = detail
}

function answer_status(from) { return to_of[from] ? to_of[from] : status_of[id_of[from]] }

function problem(from, base, request_id,    id) {
    id = id_of[from]
    return sprintf("{\"type\":\"%s/problems/%s\",\"title\":\"%s\",\"status\":%s,\"detail\":\"%s\",\"code\":\"%s\"," \
                   "\"request_id\":\"%s\",\"errors\":[]}", base, code_of[id], title_of[id], answer_status(from),
                   detail_of[from] ? detail_of[from] : doc_of[id], code_of[id], request_id)
}

function nginx(    i, from, text) {
    print "# Made by conf/edge-errors.awk from src/base/errors.def; do not edit."
    print "# Every answer Nginx makes by itself is a problem document (RFC 9457). Addresses, not named locations: those"
    print "# need a request whose line could be read."
    for (i = 1; i <= edges; i++) {
        from = order[i]
        printf "error_page %s%s /.nexus/%s;\n", from, answer_status(from) == from ? "" : " =" answer_status(from), from
    }
    for (i = 1; i <= edges; i++) {
        from = order[i]
        printf "\nlocation = /.nexus/%s {\n    internal;\n    include snippets/nexus-headers.conf;\n", from
        print  "    include snippets/nexus-cors.conf;"
        print  "    default_type application/problem+json;\n    add_header Cache-Control no-store always;"
        if (from in retry) printf "    add_header Retry-After %d always;\n", retry[from]
        if (from == "405") print "    add_header Allow \"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\" always;"
        text = problem(from, "$nexus_public_url", "$nexus_request_id")
        gsub(/'/, "\\\\'", text)
        printf "    return %s '%s';\n}\n", answer_status(from), text
    }
}

# HAProxy's log-format strings take a percent sign for a variable.
function haproxy(status,    body) {
    if (!(status in id_of)) exit 2
    body = problem(status, "\001", "\002")
    gsub(/%/, "%%", body)
    sub(/\001/, "%[env(NEXUS_PUBLIC_URL)]", body)
    sub(/\002/, "%[unique-id]", body)
    print body
}

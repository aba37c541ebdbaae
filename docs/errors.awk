# docs/errors.md from src/base/errors.def:  awk -f docs/errors.awk src/base/errors.def > docs/errors.md
# A test fails when the file in the tree is not what this makes.
BEGIN {
    FS = "\""
    print "# Problems\n"
    print "Every failure is answered with a problem document (RFC 9457), whoever found it: a worker, Nginx or HAProxy. Programs look at"
    print "`code`, which never changes its meaning; `type` leads to the description, `request_id` to the line in the log, and `errors`"
    print "names everything that is wrong with the request, by JSON pointer.\n"
    print "    {\"type\": \"https://api.example/problems/validation_failed\", \"title\": \"Validation failed\", \"status\": 422,"
    print "     \"detail\": \"...\", \"code\": \"validation_failed\", \"request_id\": \"7f3c1a9be27d4c0d8f6e5a4b3c2d1e0f\","
    print "     \"errors\": [{\"pointer\": \"/check_in\", \"code\": \"required\", \"detail\": \"is required\"}]}\n"
    print "| status | code | title | what has happened |\n|---|---|---|---|"
}
/^ERROR\(/ {
    split($1, head, /[(, ]+/)
    printf "| %s | `%s` | %s | %s |\n", head[3], $2, $4, $6
}
END {
    print "\n429 and 503 carry `Retry-After` in seconds, and so does `idempotency_running`. After `outcome_unknown` the same request with"
    print "the same `Idempotency-Key` tells what happened; without a key, read before you repeat."
    print "\nA quota that is used up has the `type` registered for it, `https://iana.org/assignments/http-problem-types#quota-exceeded`,"
    print "and `violated-policies` names the quota as `RateLimit-Policy` does."
}

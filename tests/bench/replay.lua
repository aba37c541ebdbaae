-- wrk: send the requests of a file (BENCH_REQUESTS), one a line as "METHOD<tab>PATH[<tab>BODY]", over and over.
-- BENCH_TOKEN, when set, goes along as a bearer token. Counts answers by status when BENCH_STATUS=1.

local requests, at = {}, 0

function init(args)
    local token = os.getenv("BENCH_TOKEN")
    local headers = { ["Content-Type"] = "application/json", ["Accept"] = "application/json" }
    if token and token ~= "" then headers["Authorization"] = "Bearer " .. token end
    for line in io.lines(os.getenv("BENCH_REQUESTS")) do
        local method, path, body = line:match("^(%u+)\t([^\t]+)\t?(.*)$")
        requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
    end
    at = math.random(#requests)
end

function request()
    at = at % #requests + 1
    return requests[at]
end

-- wrk: refresh sessions, each answer's token being the next request's. The first tokens are the lines of BENCH_REQUESTS;
-- there are more of them than connections.

local headers = { ["Content-Type"] = "application/json" }
local tokens = {}

function init(args)
    for line in io.lines(os.getenv("BENCH_REQUESTS")) do tokens[#tokens + 1] = line end
end

function request()
    local token = table.remove(tokens, 1)
    if not token then return wrk.format("GET", "/healthz") end -- all were refused
    return wrk.format("POST", "/v1/auth/refresh", headers, '{"refresh_token":"' .. token .. '"}')
end

function response(status, _, body)
    if status == 200 then tokens[#tokens + 1] = body:match('"refresh_token":"([^"]+)"') end
end

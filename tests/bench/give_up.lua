-- wrk: the three requests of what is given up: quote, hold or booking (BENCH_KIND), and its end. A stay from BENCH_REQUESTS
-- ("PROPERTY CHECK_IN CHECK_OUT" a line) is quoted, each quote that was given is taken, each hold or booking is given up.

local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN") }
local kinds = {
    holds = { status = '"status":"held"', method = "DELETE", path = "/v1/holds/%s" },
    bookings = { status = '"status":"confirmed"', method = "POST", path = "/v1/bookings/%s/cancel" },
}
local name = os.getenv("BENCH_KIND")
local kind = kinds[name]
local stays, at, quotes, taken = {}, 0, {}, {}

function init(args)
    for line in io.lines(os.getenv("BENCH_REQUESTS")) do stays[#stays + 1] = line end
end

function request()
    local last = table.remove(taken)
    if last then
        return wrk.format(kind.method, kind.path:format(last), headers)
    end
    local quote = table.remove(quotes)
    if quote then
        return wrk.format("POST", "/v1/" .. name, headers, '{"quote_id":"' .. quote .. '"}')
    end
    at = at % #stays + 1
    local property, from, to = stays[at]:match("(%S+) (%S+) (%S+)")
    return wrk.format("POST", "/v1/quotes", headers, '{"property_id":"' .. property .. '","check_in":"' .. from ..
                      '","check_out":"' .. to .. '","guests":1}')
end

function response(status, _, body)
    if status == 201 and body:find(kind.status, 1, true) then
        taken[#taken + 1] = body:match('"id":"([^"]+)"')
    elseif status == 201 then
        quotes[#quotes + 1] = body:match('"id":"([^"]+)"')
    end
end

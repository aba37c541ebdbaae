-- wrk: the two requests of a sale. A stay from BENCH_REQUESTS ("PROPERTY CHECK_IN CHECK_OUT" a line) is quoted, each quote
-- that was given is booked. Every line is used once.

local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN") }
local stays, at, quotes = {}, 0, {}

function init(args)
    for line in io.lines(os.getenv("BENCH_REQUESTS")) do stays[#stays + 1] = line end
end

function request()
    local quote = table.remove(quotes)
    if quote then
        return wrk.format("POST", "/v1/bookings", headers, '{"quote_id":"' .. quote .. '"}')
    end
    at = at % #stays + 1
    local property, from, to = stays[at]:match("(%S+) (%S+) (%S+)")
    return wrk.format("POST", "/v1/quotes", headers, '{"property_id":"' .. property .. '","check_in":"' .. from ..
                      '","check_out":"' .. to .. '","guests":1}')
end

function response(status, _, body)
    if status == 201 and body:find('"lines"', 1, true) and body:find('"expires_at"', 1, true) then
        quotes[#quotes + 1] = body:match('"id":"([^"]+)"')
    end
end

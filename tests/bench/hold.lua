-- wrk: the three requests of a hold that is given up: quote, hold, delete. A stay from BENCH_REQUESTS ("PROPERTY CHECK_IN
-- CHECK_OUT" a line) is quoted, each quote that was given is held, each hold is given up.

local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN") }
local stays, at, quotes, holds = {}, 0, {}, {}

function init(args)
    for line in io.lines(os.getenv("BENCH_REQUESTS")) do stays[#stays + 1] = line end
end

function request()
    local hold = table.remove(holds)
    if hold then
        return wrk.format("DELETE", "/v1/holds/" .. hold, headers)
    end
    local quote = table.remove(quotes)
    if quote then
        return wrk.format("POST", "/v1/holds", headers, '{"quote_id":"' .. quote .. '"}')
    end
    at = at % #stays + 1
    local property, from, to = stays[at]:match("(%S+) (%S+) (%S+)")
    return wrk.format("POST", "/v1/quotes", headers, '{"property_id":"' .. property .. '","check_in":"' .. from ..
                      '","check_out":"' .. to .. '","guests":1}')
end

function response(status, _, body)
    if status == 201 and body:find('"status":"held"', 1, true) then
        holds[#holds + 1] = body:match('"id":"([^"]+)"')
    elseif status == 201 then
        quotes[#quotes + 1] = body:match('"id":"([^"]+)"')
    end
end

-- wrk: as replay.lua, by clients that do what Retry-After says.

dofile(debug.getinfo(1, "S").source:sub(2):gsub("[^/]*$", "") .. "replay.lua")

local waiting, seconds = 0, 1

function response(status, headers)
    if status == 503 or status == 429 then
        waiting = waiting + 1
        seconds = tonumber(headers["Retry-After"]) or 1
    end
end

function delay()
    if waiting == 0 then return 0 end
    waiting = waiting - 1
    return 1000 * seconds
end

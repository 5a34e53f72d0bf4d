-- What the demo's clients ask for, in turn.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "../../common/result.lua")

-- Mostly the short lists of a form that completes what its user types, now and then a whole catalogue.
local targets = {
  "/languages?q=fr&limit=8", "/countries?q=united", "/currencies?q=dollar", "/languages-639-2?q=an&limit=12",
  "/countries", "/scripts?q=latin", "/countries?q=republic&limit=8", "/currencies?q=a&limit=12",
  "/subdivisions?country=PT", "/countries?q=island", "/scripts?q=ar", "/languages-639-2?q=sl",
  "/subdivisions?country=GB", "/currencies?q=peso", "/countries?q=new", "/scripts?q=an&limit=12",
}

local requests = {}
local next_request = 0

function init()
  for i, target in ipairs(targets) do
    requests[i] = wrk.format("GET", target, { ["Accept-Encoding"] = "gzip" })
  end
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end

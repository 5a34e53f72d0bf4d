-- What the demo's clients ask for, in turn.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "../../common/result.lua")

-- Of ten requests three place an order, three show one, four look what is in stock.
local kinds = { "place", "stock", "show", "stock", "place", "show", "stock", "place", "show", "stock" }
local next_kind = 0

-- Each thread of wrk has its own numbers, and the same in each run.
local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("seed", threads)
end

function init()
  math.randomseed(seed)
end

function request()
  next_kind = next_kind % #kinds + 1
  local kind = kinds[next_kind]
  if kind == "show" then return wrk.format("GET", "/orders/" .. math.random(10000)) end
  if kind == "stock" then return wrk.format("GET", "/stock/" .. math.random(1000)) end
  return wrk.format("POST", "/orders", nil, string.format('{"item":%d,"quantity":1}', math.random(1000)))
end

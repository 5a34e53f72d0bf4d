-- What wrk reports about a demo's load, as one line of numbers:
-- requests, microseconds, p50 and p99 in microseconds, errors (of which: timeouts)
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d (%d)\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout, e.timeout))
end

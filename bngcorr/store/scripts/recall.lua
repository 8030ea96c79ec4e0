-- Read many records of one domain in one call.
-- KEYS[1] epochs of the domain; KEYS[2..] records
-- ARGV[1] oldest instant (ms) at which a MAC sighting still taints; ARGV[i] kind of KEYS[i]: k key, m MAC, s session
-- Returns {epochs, record, record, ...}
local out = {redis.call('HGETALL', KEYS[1])}
for i = 2, #KEYS do
  local kind = ARGV[i]
  if kind == 'k' then
    out[i] = redis.call('HGETALL', KEYS[i])
  elseif kind == 'm' then
    out[i] = redis.call('ZCOUNT', KEYS[i], ARGV[1], '+inf')
  else
    out[i] = redis.call('HMGET', KEYS[i], 'ln', 'id', 'st', 'ep', 'nas', 'fp')
  end
end
return out

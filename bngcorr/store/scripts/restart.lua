-- Accounting-On or -Off: a new epoch of one NAS, in constant time.
-- KEYS[1] epochs, KEYS[2] hosts of the NAS (name without epoch), KEYS[3] usage of the NAS (name without epoch)
-- ARGV: 1 nas, 2 at, 3 tolerance in ms: a second On this near is the same restart told again
-- Returns 'applied' or 'stale'.
local epoch, at = string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '0 0', '^(%d+) (%d+)$')
if tonumber(ARGV[2]) <= tonumber(at) + (tonumber(at) > 0 and tonumber(ARGV[3]) or 0) then return 'stale' end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d %s', tonumber(epoch) + 1, ARGV[2]))
redis.call('UNLINK', KEYS[2] .. ':' .. epoch, KEYS[3] .. ':' .. epoch)
return 'applied'

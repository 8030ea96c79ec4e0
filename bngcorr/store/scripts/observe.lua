-- Keep what a box says of itself, unless something newer is known.
-- ARGV[1] {BNG, at, what it says (packed, its instant first)}
local s = unpack_(ARGV[1])
local known = call('HGET', PREFIX .. 'zo', s[1])
if known and unpack_(known)[1] > s[2] then return 'known' end
call('HSET', PREFIX .. 'zo', s[1], s[3])
return 'ok'

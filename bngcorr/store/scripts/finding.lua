-- Note a finding, or that it is over.
-- ARGV[1] {id, bng, at, detail, over (0 or 1), most findings}
-- A finding is {bng, first, last, count, detail, instant it was over or 0, latest such instant}. Returns 'new', 'known' or 'over'.
local s = unpack_(ARGV[1])
local id, bng, at, detail, over, most = s[1], s[2], s[3], s[4], s[5] == 1, s[6]
local f, g = PREFIX .. 'f', PREFIX .. 'g'
local packed = call('HGET', f, id)
local F = packed and unpack_(packed)
if over then
  if not F or F[6] > 0 or at <= F[7] then return 'known' end  -- it may have come back since it was over
  F[6], F[7] = at, at
  call('HSET', f, id, pack(F))
  return 'over'
end
if F and at <= F[3] then return 'known' end  -- told again, or too late
local word = F and F[6] == 0 and 'known' or 'new'
if not F then F = {bng, at, at, 0, detail, 0, 0} end
if word == 'new' then F[2], F[4] = at, 0 end
F[4] = F[4] + 1
F[1], F[3], F[5], F[6] = bng, at, detail, 0
call('HSET', f, id, pack(F))
call('ZADD', g, at, id)
if call('ZCARD', g) > most then
  for _, oldest in ipairs(call('ZRANGE', g, 0, 99)) do
    call('ZREM', g, oldest)
    call('HDEL', f, oldest)
  end
end
return word

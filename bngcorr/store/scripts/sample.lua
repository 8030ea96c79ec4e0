-- Note what a BNG spends: once in each slot of time, fine and hourly, however many processes tell it; and the peak.
-- ARGV[1] {BNG, at, sample (packed, its instant first), host resources, every, fine: most and ms, hourly: every, most and ms}
local s = unpack_(ARGV[1])
local bng, at, sample, resources = s[1], s[2], s[3], s[4]

local function note(name, every, most, lasts)
  local last = call('LINDEX', name, -1)
  while last and unpack_(last)[1] >= at + every do  -- noted while the clock was ahead
    call('RPOP', name)
    last = call('LINDEX', name, -1)
  end
  if last and math.floor(at / every) <= math.floor(unpack_(last)[1] / every) then return end
  call('RPUSH', name, sample)
  call('LTRIM', name, -most, -1)
  local first = call('LINDEX', name, 0)
  while unpack_(first)[1] <= at - lasts do
    call('LPOP', name)
    first = call('LINDEX', name, 0)
  end
end

note(PREFIX .. 'zf:' .. bng, s[5], s[6], s[7])
note(PREFIX .. 'zh:' .. bng, s[8], s[9], s[10])
local peak = call('HGET', PREFIX .. 'zp', bng)
if not peak or resources > unpack_(peak)[1] then call('HSET', PREFIX .. 'zp', bng, pack({resources, at})) end
return 'ok'

-- Lessons that are seldom told, and all that the more frequent ones need where something is new.

-- Accounting-On or -Off: a new epoch of one box, in constant time. s: {box, at}
-- Returns 'applied' or 'stale'.
local function restart(s)
  local box, at = s[1], s[2]
  local epoch, before, names = epoch_of(box)
  if at <= before + (before > 0 and TOLERANCE_MS or 0) then return 'stale' end
  put_box(box, epoch + 1, at, names)
  call('UNLINK', PREFIX .. 'u:' .. box)  -- references to hosts carry their epoch: old ones count no more
  return 'applied'
end

-- An enterprise number of a BNG. s: {bng, number, at}
local function number_seen(s)
  return call('HSETNX', PREFIX .. 'n:' .. s[1], s[2], string.format('%d', s[3])) == 1 and 'new' or 'known'
end

-- A finding, or that it is over. s: {id, bng, at, detail, over (0 or 1)}
-- A finding is {bng, first, last, count, detail, instant it was over or 0, latest such instant}. Returns 'new', 'known' or 'over'.
local function note_finding(s)
  local id, bng, at, detail, over = s[1], s[2], s[3], s[4], s[5] == 1
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
  if call('ZCARD', g) > MOST_FINDINGS then
    for _, oldest in ipairs(call('ZRANGE', g, 0, 99)) do
      call('ZREM', g, oldest)
      call('HDEL', f, oldest)
    end
  end
  return word
end

return {
  sight = sight, expect = expect, flush = flush, server_is_away = server_is_away,
  [4] = change, [5] = restart, [6] = number_seen, [7] = note_finding,
}

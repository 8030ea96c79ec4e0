-- All lessons of one batch, of as many domains as the server keeps: KEYS are their epochs.
-- ARGV[1] see batch.lua; ARGV[2] {how many lessons of the first domain, when they are told, lesson, …, how many of
-- the second, …}: of each lesson
-- what it is, and its fields, which are in a table of their own if there are seldom such lessons.
-- Returns packed {word or {word, hosts that came, hosts that went}, …}. A lesson that fails does not fail the others, unless it
-- is the server that takes nothing now.

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
local function find(s)
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

-- Counts for the histogram of distances of one BNG. s: {bng, {bucket, count, …}}
local function add_distances(s)
  for i = 1, #s[2], 2 do call('HINCRBY', PREFIX .. 'x:' .. s[1], s[2][i], s[2][i + 1]) end
  return 'ok'
end

local KINDS = {change, restart, number_seen, find, add_distances}  -- from 4 on
-- An array of hundreds of values takes as long to make as all of them to read: they are read lesson by lesson.
local some, A = cmsgpack.unpack_limit, ARGV[2]
local form = byte(A)
local words, said, at = {}, 0, form == 221 and 5 or form == 220 and 3 or 1
for number = 1, #KEYS do
  within(KEYS[number])
  local last
  at, last, now = some(A, 2, at)
  last = said + last
  while said < last do
    local kind, fine, word, a, b, c, d, e, f, g, h, i, j = byte(A, at + 1), nil, nil
    at = at + 1
    if kind <= 2 then  -- a sighting
      at, a, b, c, d, e, f, g, h = some(A, 8, at)
      fine, word = pcall(sight, a, b, c, d, e, f, g, h, kind)
    elseif kind == 3 then  -- an Accept
      at, a, b, c, d, e, f, g, h, i, j = some(A, 10, at)
      fine, word = pcall(expect, a, b, c, d, e, f, g, h, i, j)
    else
      at, a = some(A, 1, at)
      fine, word = pcall(KINDS[kind - 3], a)
    end
    if not fine then
      local trouble = type(word) == 'table' and word.err or tostring(word)
      if server_is_away(trouble) then return redis.error_reply(trouble) end
      word = 'failed: ' .. trouble
      for line in pairs(lines) do if not changed[line] then lines[line] = nil end end
    end
    said = said + 1
    words[said] = word
  end
  flush()
end
return pack(words)

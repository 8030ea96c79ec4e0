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
local words, said, A, at = {}, 0, unpack_(ARGV[2]), 1
for number = 1, #KEYS do
  within(KEYS[number])
  local last = said + A[at]
  now = A[at + 1]
  at = at + 2
  while said < last do
    local kind, fine, word = A[at], nil, nil
    if kind <= 2 then  -- a sighting
      fine, word = pcall(sight, A[at + 1], A[at + 2], A[at + 3], A[at + 4], A[at + 5], A[at + 6], A[at + 7], A[at + 8], kind)
      at = at + 9
    elseif kind == 3 then  -- an Accept
      fine, word = pcall(expect, A[at + 1], A[at + 2], A[at + 3], A[at + 4], A[at + 5], A[at + 6], A[at + 7], A[at + 8], A[at + 9],
        A[at + 10])
      at = at + 11
    else
      fine, word = pcall(KINDS[kind - 3], A[at + 1])
      at = at + 2
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

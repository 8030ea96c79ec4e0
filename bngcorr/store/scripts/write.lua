-- All lessons of one batch, of as many domains as the server keeps: KEYS are their epochs.
-- ARGV[1] see batch.lua; ARGV[2] {how many lessons of the first domain, when they are told, lesson, …, how many of
-- the second, …}: of each lesson
-- what it is, and its fields, which are in a table of their own if there are seldom such lessons.
-- Returns packed {word or {word, hosts that came, hosts that went}, …}. A lesson that fails does not fail the others, unless it
-- is the server that takes nothing now.

-- Counts for the histogram of distances of one BNG. s: {bng, {bucket, count, …}}
local function add_distances(s)
  local name, counts = PREFIX .. 'x:' .. s[1], s[2]
  for i = 1, #counts, 2 do call('HINCRBY', name, counts[i], counts[i + 1]) end
  return 'ok'
end

-- Most batches do not need what `seldom` makes: dozens of functions, which takes as long as some lessons.
local made
local function others()
  made = made or seldom()
  return made
end

local A, words, said = ARGV[2], {}, 0
local _, at = array_at(A, 0)
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
      fine, word = pcall(sighted_just_so, a, b, c, d, e, f, g, h, kind)
      if not word then fine, word = pcall(others().sight, a, b, c, d, e, f, g, h, kind) end
    elseif kind == 3 then  -- an Accept
      at, a, b, c, d, e, f, g, h, i, j = some(A, 10, at)
      fine, word = pcall(expected_just_so, a, b, c, d, e, f, g, h, i, j)
      if not word then fine, word = pcall(others().expect, a, b, c, d, e, f, g, h, i, j) end
    else
      at, a = some(A, 1, at)
      fine, word = pcall(kind == 8 and add_distances or others()[kind], a)
    end
    if not fine then
      local trouble = type(word) == 'table' and word.err or tostring(word)
      if others().server_is_away(trouble) then return redis.error_reply(trouble) end
      word = 'failed: ' .. trouble
      for line in pairs(lines) do if not changed[line] then lines[line] = nil end end
    end
    said = said + 1
    words[said] = word
  end
  if made then made.flush() else write_octets() end
end
return pack(words)

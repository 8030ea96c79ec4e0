-- All lessons of one batch, of as many domains as the server keeps: KEYS are the plans of those, see store/plan.py.
-- ARGV[1] see batch.lua; ARGV[2] octets: of each domain how many lessons it has (2), when they are told (8), and those: each
-- begins with an octet. Below ACCEPT it is a sighting, see just_so.lua; else it says what the lesson is, and fields follow in
-- MessagePack, which are in a table of their own if there are seldom such lessons.
-- Returns packed {place of a lesson, word or {word, hosts that came, hosts that went}, …}, without those sightings, distances and
-- Accepts of which it says 'ok' or 'applied'. A lesson that fails does not fail the others, unless it is the server that takes
-- nothing now.
local ACCEPT, RESTART, NUMBER, FINDING, DISTANCES = 32, 34, 35, 36, 37
local MOST_FINDINGS = 10  -- where that stands in ARGV[1]

-- Counts for the histogram of distances of one BNG. s: {bng, {bucket, count, …}}
local function add_distances(s)
  local name, counts = PREFIX .. 'x:' .. s[1], s[2]
  for i = 1, #counts, 2 do call('HINCRBY', name, counts[i], counts[i + 1]) end
end

-- An enterprise number of a BNG. s: {bng, number, at}
local function number_seen(s)
  return call('HSETNX', PREFIX .. 'n:' .. s[1], s[2], format('%d', s[3])) == 1 and 'new' or 'known'
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
  if call('ZCARD', g) > unpack_(ARGV[1])[MOST_FINDINGS] then
    for _, oldest in ipairs(call('ZRANGE', g, 0, 99)) do
      call('ZREM', g, oldest)
      call('HDEL', f, oldest)
    end
  end
  return word
end

-- Most batches do not need what `seldom` makes: dozens of functions, which takes as long as some lessons.
local made
local function others()
  made = made or seldom()
  return made
end

-- what `some` gives, in a table of their number
local function together(at, ...) return at, {...} end

local A, number, last, said, words, telling = ARGV[2], 0, 0, 0, {}, false
-- most often no domain has a plan: to see that of all at once takes hardly longer than of one
local unplanned = #KEYS <= 1000 and call('EXISTS', unpack(KEYS)) == 0

-- on from the lesson or domain that is next
local function go_on()
  while true do
    while said == last do
      if made then made.flush() end
      if number == #KEYS then return end
      number = number + 1
      within(sub(KEYS[number], 1, -3))
      if unplanned then planned = '' end
      last, now, from = struct_unpack('>I2I8', A, from)
      last = said + last
    end
    local kind, begins, word = byte(A, from), from, nil
    said, telling = said + 1, kind ~= nil
    if kind < ACCEPT then
      word = sighted_just_so(A, kind) or others().sighted(A, begins, kind)
      if word == 'ok' then word = nil end
    elseif kind == ACCEPT then
      local a, b, c, d, e, f, g, h, i, j
      from, a, b, c, d, e, f, g, h, i, j = some(A, 10, from)
      from = from + 1
      word = expected_just_so(a, b, c, d, e, f, g, h, i, j) or others().expect(a, b, c, d, e, f, g, h, i, j)
      if word == 'applied' then word = nil end
    else
      local s
      from, s = together(some(A, array_at(A, from)))
      from = from + 1
      if kind == DISTANCES then word = add_distances(s)
      elseif kind == NUMBER then word = number_seen(s)
      elseif kind == FINDING then word = note_finding(s)
      elseif kind == RESTART then word = others().restart(s)
      else word = others().change(s) end
    end
    telling = false
    if word then words[#words + 1], words[#words + 2] = said, word end
  end
end

while true do
  local fine, trouble = pcall(go_on)
  if fine then return pack(words) end
  if not telling then error(trouble, 0) end
  telling = false
  trouble = type(trouble) == 'table' and trouble.err or tostring(trouble)
  if others().server_is_away(trouble) then return redis.error_reply(trouble) end
  words[#words + 1], words[#words + 2] = said, 'failed: ' .. trouble
  for line in pairs(lines) do if not changed[line] then lines[line] = nil end end
end

-- Note that a line was seen.
-- ARGV[1] {now, line, at, v6, until, marks (1 attached, 2 v4 evident), ids, shown, MAC or '', whether it is claimed,
--   key of attachment and MAC or '', key of the attachment or '', further keys, place or '', terms, taint_ms,
--   most lines a key, most MACs a line}
-- Returns 'ok', 'contradicted' (nothing learnt), or words for what is worth telling: 'moved', 'mac_moved', 'shared', 'mac_flood'.
local s = unpack_(ARGV[1])
local now, line, at, v6, until_ms, marks, ids, shown, mac, claimed = s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10]
local pair, attachment, others, place, terms = s[11], s[12], s[13], s[14], s[15]
local taint_ms, max_lines, max_macs = s[16], s[17], s[18]
local words = {}
local L = get('l', line)

-- the lines that a MAC was seen on: a second one makes the MAC useless
local function taint()
  if claimed == 1 then return end
  local record, kept, mine, others = get('m', mac) or {}, {}, nil, false
  for i = 1, #record, 2 do
    if record[i] == line or record[i + 1] >= now - taint_ms then
      kept[#kept + 1] = record[i]
      kept[#kept + 1] = record[i + 1]
      if record[i] == line then mine = #kept else others = true end
    end
  end
  if not mine then
    if others then words[#words + 1] = 'mac_moved' end
    kept[#kept + 1] = line
    kept[#kept + 1] = at
  else
    kept[mine] = math.max(kept[mine], at)
  end
  if #kept > 2 * max_lines then
    local oldest = 2
    for i = 4, #kept, 2 do if kept[i] < kept[oldest] then oldest = i end end
    table.remove(kept, oldest)
    table.remove(kept, oldest - 1)
  end
  put('m', mac, kept)
end

-- the operator's plan has another line at this place
local version = place ~= '' and call('GET', PREFIX .. 'p')
local planned = version and call('HGET', bucket('p:' .. version, place), place)
local contradicted, disputed = planned and contradict(planned, ids) or false, false
-- the same customer's place and MAC have a live session of another line already
if pair ~= '' and not contradicted and not vouches(L, pair, now, true) then
  for _, c in ipairs(get('k', pair) or {}) do
    if c[1] ~= '' and c[1] ~= line then
      local other = get('l', c[1])
      if other and contradict(other[2], ids) and vouches(other, pair, now, true) then
        contradicted, disputed = true, true
      end
    end
  end
end

-- who is live there now is not to be remembered there afterwards, unless it is sighted again: the Stop may be under way
local function dispute(key)
  local record, mark = key ~= '' and get('k', key), nil
  if not record then return end
  for _, c in ipairs(record) do if c[1] == '' then mark = c end end
  if not mark then
    mark = {'', 0, 0, 0}
    record[#record + 1] = mark
  end
  mark[4] = math.max(mark[4], at)
  put('k', key, record)
end

if contradicted then
  if mac ~= '' then taint() end
  if disputed then
    dispute(pair)
    dispute(attachment)
  end
  words[#words + 1] = 'contradicted'
  return table.concat(words, ',')
end

local macs, flood = L and L[7] or {}, false
if mac ~= '' then
  local kept, known = {}, false
  for i = 1, #macs, 2 do
    if macs[i] == mac then
      known = true
      kept[#kept + 1] = mac
      kept[#kept + 1] = math.max(macs[i + 1], at)
    elseif macs[i + 1] > now - 86400000 or #macs <= 4 then  -- the last two are remembered for longer
      kept[#kept + 1] = macs[i]
      kept[#kept + 1] = macs[i + 1]
    end
  end
  if not known and #kept >= 2 * max_macs then
    flood = true
    words[#words + 1] = 'mac_flood'
    -- a MAC that others are known by is tainted all the same; nothing new is made for one that nobody is
    if call('HEXISTS', bucket('m', mac), mac) == 1 then taint() end
  else
    if not known then
      kept[#kept + 1] = mac
      kept[#kept + 1] = at
    end
    taint()
  end
  macs = kept
end

local function note(key, alone)
  local kept, mine, crowded, shared, since = {}, nil, 0, 0, 0
  for _, c in ipairs(get('k', key) or {}) do
    if c[1] == '' then
      crowded, shared, since = c[2], c[3], c[4]
    elseif c[1] == line then
      mine = c
      kept[#kept + 1] = c
    elseif c[5] >= now or vouches(get('l', c[1]), key, now, false) then
      kept[#kept + 1] = c
    end
  end
  if mine then
    if alone then
      -- heard of again after another line was: both are there at a time, so the VLAN pair is not one line
      for _, c in ipairs(kept) do
        local other = c ~= mine and at > c[2] and math.max(c[3], c[4]) > mine[2] and get('l', c[1])
        if other and at + taint_ms > shared and contradict(other[2], ids) and vouches(other, key, now, true) then
          if shared < now then words[#words + 1] = 'shared' end
          shared = at + taint_ms
        end
      end
    end
    mine[2] = math.min(mine[2], at)
  elseif #kept < max_lines then
    mine = {line, at, 0, 0, until_ms, 0}
    kept[#kept + 1] = mine
  else
    crowded = math.max(crowded, until_ms)
  end
  if mine then
    if v6 == 1 then mine[4] = math.max(mine[4], at) else mine[3] = math.max(mine[3], at) end
    mine[5] = math.max(mine[5], until_ms)
    mine[6] = bit.bor(mine[6], marks)  -- what was ever evident stays so
  end
  if crowded > 0 or shared > 0 or since > 0 then kept[#kept + 1] = {'', crowded, shared, since} end
  put('k', key, kept)
end

if attachment ~= '' then note(attachment, true) end
if not flood then
  if pair ~= '' then note(pair, false) end
  for _, key in ipairs(others) do note(key, false) end
end

if not L then
  L = {until_ms, ids, at, at, place, shown, macs, {}, terms, 0, 0, 0, 0}
  reindex('', terms, 'l' .. line)
else
  L[1], L[3], L[7] = math.max(L[1], until_ms), math.min(L[3], at), macs
  if at > L[4] then  -- of two of one instant the first counts, so that telling them again changes nothing
    if place ~= '' and L[5] ~= '' and L[5] ~= place then words[#words + 1] = 'moved' end
    L[2], L[4], L[6] = ids, at, shown
    if place ~= '' then L[5] = place end
    reindex(L[9], terms, 'l' .. line)
    L[9] = terms
  end
end
put('l', line, L)
return #words > 0 and table.concat(words, ',') or 'ok'

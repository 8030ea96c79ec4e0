-- A line was seen.
local HOUR_MS, DAY_MS, SLACK_MS = 3600000, 86400000, 60000

-- the lines that a MAC was seen on: a second one makes the MAC useless. That of a new line is most often new as well.
local function taint(words, mac, line, at, new)
  if new and put_new('m', mac, {line, at}) then return end
  local record, kept, mine, others = get('m', mac) or {}, {}, nil, false
  for i = 1, #record, 2 do
    if record[i] == line or record[i + 1] >= now - TAINT_MS then
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
    kept[mine] = max(kept[mine], at)
  end
  if #kept > 2 * MOST_LINES then
    local oldest = 2
    for i = 4, #kept, 2 do if kept[i] < kept[oldest] then oldest = i end end
    remove(kept, oldest)
    remove(kept, oldest - 1)
  end
  put('m', mac, kept)
end

-- who is live there now is not to be remembered there afterwards, unless it is sighted again: the Stop may be under way
local function dispute(key, at)
  local record, mark = get('k', key), nil
  if not record then return end
  for i = 1, #record, 6 do
    local O = record[i] ~= '' and line_of(record[i])
    if record[i] == '' then mark = i end
    if O and settle(O, record, i, key) then
      leave(O, key)
      put_line(record[i], O)
    end
  end
  if not mark then
    mark = #record + 1
    for i, field in ipairs({'', 0, 0, 0, 0, 0}) do record[mark + i - 1] = field end
  end
  record[mark + 3] = max(record[mark + 3], at)
  put('k', key, record)
end

-- What a sighting says of one key. Returns whether no other line stands on it. A key of an attachment alone may show two
-- lines at a time. The newest sighting of a line that is alone on it need not be written there: `told` says that the line's
-- own record tells it.
local function note(words, L, line, key, isolated, at, family, until_ms, ids, marks, told)
  -- most keys of a new line are new with it: the line's own record tells the rest
  if not L and put_new('k', key, {line, at, 0, 0, 0, marks}) then return true end
  local record = get('k', key)
  if not record or #record == 6 and record[1] == line then
    if not record then
      if L then leave(L, key) end
      record = {line, at, 0, 0, until_ms, 0}
    elseif told and record[2] <= at and bit.bor(record[6], marks) == record[6] then
      return true
    elseif L then
      settle(L, record, 1, key)
    end
    record[2] = min(record[2], at)
    record[2 + family] = max(record[2 + family], at)
    record[5] = max(record[5], until_ms)
    record[6] = bit.bor(record[6], marks)  -- what was ever evident stays so
    put('k', key, record)
    return true
  end
  local kept, mine, crowded, shared, since = {}, nil, 0, 0, 0
  for i = 1, #record, 6 do
    local other = record[i]
    if other == '' then
      crowded, shared, since = record[i + 1], record[i + 2], record[i + 3]
    else
      local O = L
      if other ~= line then
        O = line_of(other)
        if O and settle(O, record, i, key) then
          leave(O, key)
          put_line(other, O)
        end
      elseif L then
        settle(L, record, i, key)
      end
      if other == line or record[i + 4] >= now or vouches(O, key, now, false) then
        if other == line then mine = #kept + 1 end
        for field = i, i + 5 do kept[#kept + 1] = record[field] end
      end
    end
  end
  if mine then
    if isolated then
      -- heard of again after another line was: both are there at a time, so the VLAN pair is not one line
      for i = 1, #kept, 6 do
        local O = i ~= mine and at > kept[i + 1] and max(kept[i + 2], kept[i + 3]) > kept[mine + 1] and line_of(kept[i])
        if O and at + TAINT_MS > shared and contradict(ids_of(O), ids) and vouches(O, key, now, true) then
          if shared < now then words[#words + 1] = 'shared' end
          shared = at + TAINT_MS
        end
      end
    end
    kept[mine + 1] = min(kept[mine + 1], at)
  else
    if L then leave(L, key) end  -- what it told was of a time that nobody counts any more
    if #kept < 6 * MOST_LINES then
      mine = #kept + 1
      for i, field in ipairs({line, at, 0, 0, until_ms, 0}) do kept[mine + i - 1] = field end
    else
      crowded = max(crowded, until_ms)
    end
  end
  if mine then
    kept[mine + 1 + family] = max(kept[mine + 1 + family], at)
    kept[mine + 4] = max(kept[mine + 4], until_ms)
    kept[mine + 5] = bit.bor(kept[mine + 5], marks)
  end
  local alone = mine and #kept == 6 and crowded == 0 and shared == 0 and since == 0
  if crowded > 0 or shared > 0 or since > 0 then
    for _, field in ipairs({'', crowded, shared, since, 0, 0}) do kept[#kept + 1] = field end
  end
  put('k', key, kept)
  if not alone and L then leave(L, key) end
  return alone
end

-- What a sighting tells: {ids, shown, terms, marks (1 attached, 2 v4 evident, 4 its MAC is claimed)}, packed; its keys, one behind
-- the other; their kinds (1 if the first one is that of attachment and MAC, 2 if the next one is that of the attachment alone);
-- its MAC and its place, or ''. `family`: 1 not proved to be IPv6, 2 IPv6.
-- Returns 'ok', 'contradicted' (nothing learnt), or words for what is worth telling: 'moved', 'mac_moved', 'shared', 'mac_flood'.
local function sight(line, at, until_ms, packed, keys, kinds, mac, place, family)
  local version = planned or plan_of()
  local F, TOLD = 3 * family - 1, TEXTS + 2 * family + 1
  local L = line_of(line)

  local told = unpack_(packed)
  local ids, marks, claimed = told[1], told[4] % 4, told[4] >= 4 and 1 or 0
  local pair, attachment, words = '', '', {}
  if kinds % 2 == 1 then pair = sub(keys, 1, 12) end
  if kinds >= 2 then attachment = sub(keys, #pair + 1, #pair + 12) end

  -- the operator's plan has another line at this place
  local entry = version ~= '' and place ~= '' and call('HGET', bucket('p:' .. version, place), place)
  local contradicted, disputed = entry and contradict(entry, ids) or false, false
  -- the same customer's place and MAC have a live session of another line already
  if pair ~= '' and not contradicted and not vouches(L, pair, now, true) then
    local record = get('k', pair) or {}
    for i = 1, #record, 6 do
      if record[i] ~= '' and record[i] ~= line then
        local O = line_of(record[i])
        if O and contradict(ids_of(O), ids) and vouches(O, pair, now, true) then contradicted, disputed = true, true end
      end
    end
  end
  if contradicted then
    if mac ~= '' and claimed == 0 then taint(words, mac, line, at) end
    if disputed then
      dispute(pair, at)
      if attachment ~= '' then dispute(attachment, at) end
    end
    words[#words + 1] = 'contradicted'
    return table.concat(words, ',')
  end

  -- its MACs: one that it showed within the hour is noted already
  local macs, flood, noted, other_macs = L and L[MACS] ~= '' and unpack_(L[MACS]) or {}, false, at, false
  if mac ~= '' then
    local known
    for i = 1, #macs, 3 do if macs[i] == mac then known = i end end
    if known and at < macs[known + 1] + HOUR_MS and (macs[known + 2] == 0 or claimed == 1) then
      noted = macs[known + 1]
    else
      local kept, mine = {}, nil
      for i = 1, #macs, 3 do
        -- the last two are remembered for longer
        if macs[i] == mac or macs[i + 1] > now - DAY_MS or #macs <= 6 then
          if macs[i] == mac then mine = #kept + 1 end
          for field = i, i + 2 do kept[#kept + 1] = macs[field] end
        end
      end
      other_macs = true
      if not mine and #kept >= 3 * MOST_MACS then
        flood = true
        words[#words + 1] = 'mac_flood'
        -- a MAC that others are known by is tainted all the same; nothing new is made for one that nobody is
        if claimed == 0 and call('HEXISTS', bucket('m', mac), mac) == 1 then taint(words, mac, line, at) end
      else
        mine = mine or #kept + 1
        noted = max(kept[mine + 1] or 0, at)
        kept[mine], kept[mine + 1], kept[mine + 2] = mac, noted, claimed
        if claimed == 0 then taint(words, mac, line, at, not L) end
      end
      macs = kept
    end
  end

  local alone, new = '', not L
  local tells = L and at >= L[F] and until_ms >= L[F + 1]
  if attachment ~= '' and note(words, L, line, attachment, true, at, family, until_ms, ids, marks, tells) then alone = attachment end
  if not flood then
    if pair ~= '' and note(words, L, line, pair, false, at, family, until_ms, ids, marks, tells) then alone = pair .. alone end
    for i = #pair + #attachment + 1, #keys, 12 do
      local key = sub(keys, i, i + 11)
      if note(words, L, line, key, false, at, family, until_ms, ids, marks, tells) then alone = alone .. key end
    end
  end

  if new then
    L = {0, 0, 0, family, 0, 0, 0, 0, '', '', '', '', '', '', until_ms, at, 0, 0, 0, 0, ''}
  else
    L[UNTIL], L[FIRST] = max(L[UNTIL], until_ms), min(L[FIRST], at)
  end
  L[MACS] = #macs > 0 and pack(macs) or ''
  if L[PLANNED] ~= version or other_macs then
    L[7], L[8] = 0, 0  -- of neither family is all noted that it told
    L[PLANNED] = version
  end
  local last = max(L[2], L[5])
  if at >= L[F] then
    local stood = L[TOLD - 1]
    for i = 1, #stood, 12 do
      local key = sub(stood, i, i + 11)
      local record = not has_key(alone, key) and get('k', key) or {}
      for j = 1, #record, 6 do
        if record[j] == line and settle(L, record, j, key) then put('k', key, record) end
      end
    end
    -- of two of one instant the first counts, so that telling them again changes nothing
    local same = L[TOLD] == packed
    if at > L[F] and not same then
      local before = new and '' or terms_of(L)
      L[TOLD] = packed
      reindex(before, terms_of(L), 'l' .. line)
      same = true
    end
    L[F], L[F + 1], L[TOLD - 1] = at, until_ms, alone
    L[6 + family] = same and not flood and alone == keys and noted or 0
  end
  if at > last then
    if place ~= '' and L[PLACE] ~= '' and L[PLACE] ~= place then words[#words + 1] = 'moved' end
    L[LATEST] = family
    if place ~= '' then L[PLACE] = place end
  end
  put_line(line, L)
  return #words > 0 and table.concat(words, ',') or 'ok'
end

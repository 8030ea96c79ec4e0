-- Walk on over some buckets of domains: end sessions past their deadline, drop what nobody needs any more, count lines.
-- However many processes call, sessions are walked once in walk_ms, all else once in ten times that. KEYS are epochs of
-- domains: as many of them are looked after as a bounded number of records allows, one at least.
-- ARGV[1] {now, buckets, walk_ms, taint_ms, tombstone_ms, finding_ms, closed sessions that are kept}
-- Returns packed, of each domain that was looked after, {expired, dropped, hosts of the sessions that ended as
--   {sid, hosts, …}, lost lines as {line, record, …}, census {bng, dual, v4, v6, …} of the last whole walk}, or a text
--   in its place: what is wrong there
local s = unpack_(ARGV[1])
local now, buckets, walk_ms, taint_ms, tombstone_ms = s[1], s[2], s[3], s[4], s[5]
local finding_ms, backlog = s[6], s[7]
local MOST, MOST_LOOKED_AT = 4096, 2000
local looked_at = 0  -- records so far
local expired, dropped, released, lost  -- of the domain

-- lines whose IPv4 began anew some time ago
local function await_v6()
  for _, id in ipairs(call('ZRANGEBYSCORE', PREFIX .. 'w', '-inf', now, 'LIMIT', 0, 100)) do
    local L = line_of(id)
    local again
    if L and L[V6_AT] < L[V4_BEGUN] then
      local v4 = false
      for V = VOUCHERS, #L, 8 do
        local live = L[V + ENDS] > now and L[V + EPOCH] == epoch_of(L[V + BOX])
        if live and bit.band(L[V + MARKS], HAS_V4) > 0 then v4 = true end
        -- another session that had IPv6 may be heard of again before its deadline: wait for that
        if live and bit.band(L[V + MARKS], HAS_V6) > 0 then again = min(L[V + ENDS], again or L[V + ENDS]) end
      end
      if v4 and not again and L[V6_LOST] == 0 then
        L[V6_LOST] = now
        put_line(id, L)
        lost[#lost + 1] = id
        lost[#lost + 1] = pack(L)
      end
    end
    if again then call('ZADD', PREFIX .. 'w', again + 1000, id) else call('ZREM', PREFIX .. 'w', id) end
  end
end

-- every record of a kind in some buckets, most of which are empty in a small domain; those that the judge refuses go
local function each(kind, first, last, judge)
  local bits, at = PREFIX .. 'b:' .. kind, floor(first / 8)
  local octets = call('GETRANGE', bits, at, floor(last / 8))
  if not string.find(octets, '%Z') then return end
  for number = first, last do
    local octet = byte(octets, floor(number / 8) - at + 1) or 0
    if bit.band(octet, bit.rshift(128, number % 8)) > 0 then
      local name = numbered(kind, number)
      local all = call('HGETALL', name)
      looked_at = looked_at + 1 + #all / 2
      for i = 1, #all, 2 do
        if not judge(all[i], all[i + 1]) then
          call('HDEL', name, all[i])
          dropped = dropped + 1
        end
      end
      if #all > 0 then
        call('PEXPIRE', name, taint_ms + 5 * 86400000)  -- what nobody walks over any more goes by itself some day
      else
        call('SETBIT', bits, number, 0)
      end
    end
  end
end

-- One walk over all buckets in `period`: as many are visited now as are due, its place is kept in the store.
-- Returns whether it came to its end, and what it counted.
local function walk(name, period, visit)
  local W = call('HMGET', PREFIX .. 'q', name .. '.begun', name .. '.next', name .. '.counts')
  local begun, at = tonumber(W[1] or '0'), tonumber(W[2] or '0')
  local counts = W[3] and unpack_(W[3]) or {}
  if begun == 0 or now < begun or (at >= MOST and now - begun >= period) then
    begun, at, counts = now, 0, {}
  end
  local due = floor((now - begun) / period * MOST) + 1
  local visited = min(buckets, MOST - at, max(due - at, 0))
  if visited <= 0 then return false end
  visit(at, at + visited - 1, counts)
  call('HSET', PREFIX .. 'q', name .. '.begun', format('%d', begun), name .. '.next', at + visited, name .. '.counts', pack(counts))
  return at + visited >= MOST, counts
end

local function sessions(first, last)
  each('s', first, last, function(sid, packed)
    local S = session_of(packed)
    if S[1] > now then return true end
    catch_up_by_line(S, sid)
    if S[1] > now then
      put_session(sid, S)
      return true
    end
    if S[3] == STOPPED or S[3] == EXPIRED then
      find_by(S, sid, '', '', 0, '')
      return false
    end
    if S[HOSTS] ~= '' then
      local epoch, epoch_at = epoch_of(S[5])
      local same, all = S[4] == epoch, {}
      if S[3] == UP and same then account(now, S[5], epoch, sid, S[HOSTS], S[PORT], '', S[PORT]) end
      released[#released + 1] = sid
      released[#released + 1] = S[HOSTS]
      for place = 1, #tokens_of(S[HOSTS]) do all[place] = place end
      local until_ms, why = S[2], 'expired'
      if not same then until_ms, why = outlived(S, epoch, epoch_at) end
      close(backlog, S, all, until_ms, why, S[6], S[7], S[SHOWN])
    end
    disown(S[6], sid)
    S[1], S[3], S[HOSTS], S[FILLED], S[SINCE] = now + tombstone_ms, EXPIRED, '', 0, {}
    put_session(sid, S)
    expired = expired + 1
    return true
  end)
end

local function tally(counts, bng, what)
  local row = counts[bng] or {0, 0, 0}
  row[what] = row[what] + 1
  counts[bng] = row
end

local function others(first, last, counts)
  each('l', first, last, function(line, octets)
    local L = lines[line] and line_of(line) or line_from(octets)
    local v4, v6, bng = false, false, nil
    for V = #L - 7, VOUCHERS, -8 do
      if L[V + ENDS] <= now then
        dismiss(L, V)
        put_line(line, L)
      elseif L[V + EPOCH] == epoch_of(L[V + BOX]) then
        bng = string.match(L[V + BOX], '^[^|]+')
        if bit.band(L[V + MARKS], HAS_V4) > 0 then v4 = true end
        if bit.band(L[V + MARKS], HAS_V6) > 0 then v6 = true end
      end
    end
    if bng and (v4 or v6) then tally(counts, bng, v4 and v6 and 1 or v4 and 2 or 3) end
    if L[UNTIL] < now and #L < VOUCHERS then
      reindex(terms_of(L), '', 'l' .. line)
      call('ZREM', PREFIX .. 'w', line)
      call('DEL', PREFIX .. 'y:' .. line)
      lines[line], changed[line] = false, nil
      return false
    end
    return true
  end)
  each('k', first, last, function(key, packed)
    local record, kept, some = unpack_(packed), {}, false
    for i = 1, #record, 6 do
      local counts_yet
      if record[i] == '' then
        counts_yet = true
        some = some or record[i + 1] >= now or record[i + 2] >= now
      else
        local L = record[i + 4] < now and line_of(record[i])
        counts_yet = record[i + 4] >= now or told_until(L, key) >= now or vouches(L, key, now, false)
        some = some or counts_yet
      end
      if counts_yet then
        for field = i, i + 5 do kept[#kept + 1] = record[field] end
      end
    end
    if some and #kept < #record then put('k', key, kept) end
    return some
  end)
  each('m', first, last, function(mac, packed)
    local record, kept = unpack_(packed), {}
    for i = 1, #record, 2 do
      if record[i + 1] >= now - taint_ms then
        kept[#kept + 1] = record[i]
        kept[#kept + 1] = record[i + 1]
      end
    end
    if #kept > 0 and #kept < #record then put('m', mac, kept) end
    return #kept > 0
  end)
  for _, box in ipairs(call('HKEYS', PREFIX .. 'e')) do
    if box ~= PLAN then
      local epoch = format('%d', epoch_of(box))
      each('h:' .. box, first, last, function(_, counted) return string.match(counted, '^%d+') == epoch end)
    end
  end
end

local function look_after()
  expired, dropped, released, lost = 0, 0, {}, {}
  await_v6()
  walk('sessions', walk_ms, sessions)
  local whole, counts = walk('others', 10 * walk_ms, others)
  if whole then
    call('HSET', PREFIX .. 'q', 'census', pack(counts))
    -- findings that were not seen again for long
    for _, id in ipairs(call('ZRANGEBYSCORE', PREFIX .. 'g', '-inf', now - finding_ms, 'LIMIT', 0, 1000)) do
      call('ZREM', PREFIX .. 'g', id)
      call('HDEL', PREFIX .. 'f', id)
    end
  end
  flush()
  local census = call('HGET', PREFIX .. 'q', 'census')
  return {expired, dropped, released, lost, census and unpack_(census) or {}}
end

local done = {}
for number = 1, #KEYS do
  if looked_at >= MOST_LOOKED_AT then break end
  within(sub(KEYS[number], 1, -2))
  local fine, found = pcall(look_after)
  if not fine then
    found = type(found) == 'table' and found.err or tostring(found)
    if server_is_away(found) then return redis.error_reply(found) end
  end
  done[number] = found
end
return pack(done)

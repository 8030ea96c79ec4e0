-- Apply one step in the life of a session, and the difference it makes to the ledger and to what vouches for its line.
-- ARGV[1] {now, step, at, until, box, line or '', ids, own, fingerprint (8 octets), digest (4 octets or ''),
--   hosts or false, interval, traffic {v4, v6} or {}, shown, terms, tags of its keys, sid, tombstone_ms,
--   most sessions a line, intervals that may be missed, v6_lost_ms, port or ''}
-- Returns {word, hosts that came, hosts that went}. Words: 'applied' and what is worth telling, or why it was not:
-- 'stale', 'duplicate', 'restarted' (older than the box's last restart), 'known'.
local s = unpack_(ARGV[1])
local now, step, at, until_ms, box, line, ids, own = s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8] == 1
local fingerprint, digest, given, told_ms, traffic, shown = s[9], s[10], s[11], s[12], s[13], s[14]
local terms, tags, sid = s[15], s[16], s[17]
local tombstone_ms, max_sessions, missed, v6_lost_ms = s[18], s[19], s[20], s[21]
local port = port_number(box, s[22])
local words = {'applied'}

if call('HEXISTS', KEYS[1], box) == 0 then call('HSET', KEYS[1], box, '0 0') end
local epoch, epoch_at = epoch_of(box)
local S = get('s', sid)
local known = S ~= nil
S = S or {0, 0, 0, 0, box, '', '', 0, '\0\0\0\0\0\0\0\0', '', '', 0, {}, '', '', 0, 0}
local r_at, r_state, r_epoch, r_line, r_ids, r_own = S[2], S[3], S[4], S[6], S[7], S[8] == 1
local r_fingerprint, r_digests, r_hosts, interval_ms = S[9], S[10], S[11], S[12]
local was_expected, accepted = r_state == EXPECTED, S[16] or 0

if at < epoch_at then return {'restarted', {}, {}} end  -- of an Accept as well: a restart is never dated ahead of our clock
if step == 'expected' then
  local over_ms = (r_state == STOPPED or r_state == EXPIRED) and S[1] - tombstone_ms or 0  -- when it was, by our clock
  if known and (r_state == UP or at <= accepted or at <= over_ms) then return {'known', {}, {}} end
  accepted = at
  at, digest = r_at, ''  -- accounting speaks by the NAS's clock: what it says is newer than any Accept
else
  if at < r_at then return {'stale', {}, {}} end
  if at == r_at then
    for i = 1, #r_digests, 4 do
      if string.sub(r_digests, i, i + 3) == digest then
        return {'duplicate', missing(r_hosts, ''), {}}  -- its addresses may not have been noted the first time
      end
    end
    if r_state == UP and step == 'start' then return {'stale', {}, {}} end  -- overtaken by an Interim of the same second
  end
  if r_state == STOPPED and r_epoch == epoch and (step == 'interim' or at == r_at) and step ~= 'stop' then
    return {'stale', {}, {}}  -- the BNG ended it: only a Start, or another life of the BNG, begins it again
  end
end

-- another CPE, another life of the BNG, or a Start after the Stop: the name came back, the session is a new one
local NONE = '\0\0\0\0'
local function differs(one, other)
  local a, b, c, d = string.sub(one, 1, 4), string.sub(one, 5), string.sub(other, 1, 4), string.sub(other, 5)
  return (a ~= NONE and c ~= NONE and a ~= c) or (b ~= NONE and d ~= NONE and b ~= d)
end
local reborn = known and step ~= 'stop' and
  (r_epoch ~= epoch and (own or step == 'start') or differs(r_fingerprint, fingerprint) or
  ((r_state == STOPPED or r_state == EXPIRED) and step ~= 'interim'))
local ended = step == 'stop'

if told_ms > 0 then interval_ms = told_ms end
if interval_ms > 0 and (step == 'start' or step == 'interim') then until_ms = at + missed * interval_ms end

-- hosts
local before = known and r_epoch == epoch and r_state == UP and r_hosts or ''
local survived = step == 'interim' and not differs(r_fingerprint, fingerprint)  -- a restart of the box, maybe
local text = reborn and not survived and '' or r_hosts
if ended or step == 'expected' then text = '' elseif given then text = given end
account(now, box, epoch, sid, before, S[17], text, port)
local v4, v6 = has_kind(text, 'v4|'), has_kind(text, 'ia_') or has_kind(text, 'slaac|')
local had_v4 = known and not reborn and r_state == UP and has_kind(r_hosts, 'v4|')

-- identity: fixed at first sight; what the BNG itself says takes the place of "none", of an inherited line, and of what it
-- said before
if not known or reborn or (r_line == '' and was_expected) or (own and (not r_own or line ~= r_line)) then
  if known and not reborn and own and r_line == '' then words[#words + 1] = 'late' end
  if r_line ~= line then disown(r_line, sid) end
  r_line, r_ids, r_own = line, ids, own
end

-- IPv6 counters that stand still while those of IPv4 rise
local flat = S[13][3] or 0
local rising = 0
if #traffic == 2 then
  local v4_before, v6_before = S[13][1], S[13][2]
  if reborn or not v4_before then
    flat = 0
  else
    rising = traffic[1] > v4_before and at or 0
  end
end

local L = r_line ~= '' and get('l', r_line) or nil
if L then
  if #traffic == 2 and S[13][2] and not reborn and step ~= 'stop' then
    L[13] = math.max(L[13], rising)
    if traffic[2] > S[13][2] then
      if flat >= 2 then words[#words + 1] = 'traffic' end
      flat = 0
    elseif v6 and at > r_at and (rising > 0 or L[13] >= r_at and L[13] > 0) then
      flat = math.min(flat + 1, 3)
      if flat == 2 then words[#words + 1] = 'no_traffic' end
    end
  end

  -- the session vouches for its line while it lives; one without a word of its own serves nobody else
  local mine
  for i = #L[8], 1, -1 do
    if L[8][i][1] == sid then
      mine = L[8][i]
      if ended then table.remove(L[8], i) end
    elseif L[8][i][4] < now then
      table.remove(L[8], i)
    end
  end
  if not ended then
    if not mine and #L[8] >= max_sessions then  -- room for those that still count
      for i = #L[8], 1, -1 do
        if L[8][i][3] ~= epoch_of(L[8][i][2]) then table.remove(L[8], i) end
      end
    end
    if not mine and #L[8] < max_sessions then
      mine = {sid, box, epoch, until_ms, 0, 0, ''}
      L[8][#L[8] + 1] = mine
    end
    if mine then
      mine[2], mine[3], mine[4] = box, epoch, until_ms
      mine[5] = (step ~= 'expected' and IS_UP or 0) + (v4 and HAS_V4 or 0) + (v6 and HAS_V6 or 0)
      mine[6] = math.max(mine[6], step == 'expected' and accepted or at)
      for i = 1, #tags, 4 do
        if not has_tag(mine[7], string.sub(tags, i, i + 3)) then mine[7] = mine[7] .. string.sub(tags, i, i + 3) end
      end
      if reborn then mine[7] = tags end
    end
    L[1] = math.max(L[1], until_ms)
  end

  -- a line that had IPv6 when its IPv4 begins anew should have it again before long
  if v6 and not ended and at >= L[10] then
    L[10] = at
    if L[12] > 0 then
      L[12] = 0
      words[#words + 1] = 'v6_back'
    end
  end
  if v4 and not had_v4 and not ended and at > L[11] then
    L[11] = at
    if not v6 and L[10] > 0 then call('ZADD', PREFIX .. 'w', now + v6_lost_ms, r_line) end
  end
  put('l', r_line, L)
end
if #traffic == 2 then S[13] = {traffic[1], traffic[2], flat} elseif reborn then S[13] = {} end

local state = step == 'stop' and STOPPED or step == 'expected' and EXPECTED or UP
if at == r_at and known then
  digest = digest == '' and r_digests or string.sub(r_digests .. digest, -64)
end
if known and r_line ~= line then terms = S[15] end  -- those of the line that stays
reindex(S[15], terms, 's' .. sid)
put('s', sid, {
  ended and now + tombstone_ms or until_ms, at, state, epoch, box, r_line, r_ids, r_own and 1 or 0,
  (fingerprint ~= NONE .. NONE and not ended) and fingerprint or r_fingerprint, digest, text, interval_ms, S[13],
  shown, terms, accepted, port,
})
return {table.concat(words, ','), missing(text, r_hosts), missing(r_hosts, text)}

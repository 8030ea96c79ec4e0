-- One step in the life of a session, the difference it makes to the ledger, and to what vouches for its line.
local NONE, NO_PRINT = '\0\0\0\0', '\0\0\0\0\0\0\0\0'
local NOTHING, FROM_ZERO = {}, {0, 0}

local function differs(one, other)
  if one == other then return false end
  local a, b, c, d = sub(one, 1, 4), sub(one, 5), sub(other, 1, 4), sub(other, 5)
  return (a ~= NONE and c ~= NONE and a ~= c) or (b ~= NONE and d ~= NONE and b ~= d)
end

-- what several Accepts of one session promise: of each kind what the latest one says
local function merged(older, newer)
  if older == '' or newer == '' then return older .. newer end
  local tokens = tokens_of(newer)
  for _, token in ipairs(tokens_of(older)) do
    if not has_kind(newer, kind_of(token) .. '|') then tokens[#tokens + 1] = token end
  end
  return table.concat(tokens, '\n')
end

-- The session vouches for its line while it lives; one without a word of its own serves nobody else. A Stop ends that.
local function vouch(L, ended, sid, box, epoch, until_ms, marks, heard, tags, reborn, digest)
  local mine
  for V = #L - 7, VOUCHERS, -8 do
    local is_mine = L[V] == sid
    if is_mine and ended or not is_mine and L[V + ENDS] < now then
      dismiss(L, V)
      mine = mine and mine - 8
    elseif is_mine then
      mine = V
    end
  end
  if ended then return end
  local most = VOUCHERS - 1 + 8 * MOST_SESSIONS
  if not mine and #L >= most then  -- room for those that still count
    for V = #L - 7, VOUCHERS, -8 do
      if L[V + EPOCH] ~= epoch_of(L[V + BOX]) then dismiss(L, V) end
    end
  end
  if not mine and #L < most then
    mine = #L + 1
    L[mine], L[mine + BOX], L[mine + EPOCH], L[mine + DIGEST], L[mine + TAGS], L[mine + HEARD] = sid, box, 0, '', '', 0
  end
  if mine then
    local before = L[mine + HEARD]
    L[mine + BOX], L[mine + EPOCH], L[mine + TAGS] = box, epoch, reborn and tags or with_tags(L[mine + TAGS], tags)
    L[mine + DIGEST] = before <= heard and digest or ''
    L[mine + ENDS], L[mine + HEARD], L[mine + MARKS] = until_ms, max(before, heard), marks
  end
  L[UNTIL] = max(L[UNTIL], until_ms)
end

-- A line that had IPv6 when its IPv4 begins anew should have it again before long.
local function watch(words, L, line, v4, v6, had_v4, at)
  if v6 and at >= L[V6_AT] then
    L[V6_AT] = at
    if L[V6_LOST] > 0 then
      L[V6_LOST] = 0
      words[#words + 1] = 'v6_back'
    end
  end
  if v4 and not had_v4 and at > L[V4_BEGUN] then
    L[V4_BEGUN] = at
    if not v6 and L[V6_AT] > 0 then call('ZADD', PREFIX .. 'w', now + V6_LOST_MS, line) end
  end
end

-- Octets: what came since the last record is the box's. Where the box leaves IPv6 out of accounting, what counts as IPv4 may
-- be either.
local function count(box, before, traffic, mixed)
  before = before or FROM_ZERO
  local growth = traffic[1] + traffic[2] + traffic[3] - before[1] - before[2] - (before[4] or 0)
  if mixed then
    grow(box, 'either', growth)
  else
    local grown = min(max(traffic[2] - before[2], 0), growth)
    grow(box, 'v6', grown)
    grow(box, 'v4', growth - max(grown, 0))
  end
end

-- a session's next Accept is not to be taken for one just like the last one
local function say_no_more(line, sid)
  local L = line ~= '' and tail_of(line)
  local at = L and voucher_of(L, sid)
  if at and L[at + DIGEST] ~= '' then
    L[at + DIGEST] = ''
    put_line(line, L)
  end
end

local MOST_TOLD = 16  -- hosts that came, and hosts that went
local function told_hosts(some)
  if #some <= 1 then return some[1] or '' end
  return table.concat(some, '\n', 1, min(#some, MOST_TOLD))
end
-- The line's timeline is told of a Start, a Stop, and an Interim with other hosts than the record before it.
local function tell(s, line, ids, came, went, again, lasts)
  local moment = pack({s[2], s[1], s[12], told_hosts(came), told_hosts(went)})
  remember(line, pack({0, s[4], ids, s[9]}), moment, MOST_ENTRIES, true, again, lasts)
end

-- What a session takes of an Accept that was noted under a name of its own: promised hosts, interval, timeout, and when it came;
-- nothing if it is not to be had, or not newer than what the session knows, unless this is its first record. Most sessions
-- know the latest one: then its line says so.
local function accept_of(name, box, line, epoch, first, known_ms)
  local L = not first and line ~= '' and tail_of(line)
  local mine = L and voucher_of(L, name)
  if mine and L[mine + DIGEST] ~= '' and L[mine + HEARD] <= known_ms then return nil end
  local P = call('HGET', bucket('s', name), name)
  if not P then return nil end
  local _, at = array_at(P, 0)
  local _, _, _, state, of_epoch, of_box, on, _, _, _, _, _, interval, _, _, _, at_ms, _, began, _, _, timeout, _, promised,
    claimed = some(P, 24, at)
  if of_epoch ~= epoch or of_box ~= box then return nil end
  if first then
    if state ~= EXPECTED then return nil end
  elseif (claimed or 0) ~= 0 or state ~= EXPECTED and (state ~= EXPIRED or (began or 0) ~= 0) then
    return nil
  end
  if state == EXPECTED and on ~= '' then  -- the line may know of a later one
    L = tail_of(on)
    mine = L and voucher_of(L, name)
    if mine and L[mine + DIGEST] ~= '' then at_ms = max(at_ms, L[mine + HEARD]) end
  end
  if not first and at_ms <= known_ms then return nil end
  return promised or '', interval, timeout or 0, at_ms
end

-- a session that was expected has begun under another name, and has what was promised
local function claim(name)
  local P = session_of(call('HGET', bucket('s', name), name))
  catch_up_by_line(P, name)
  if P[CLAIMED] > 0 then return end
  P[CLAIMED] = 1
  put_session(name, P)
  say_no_more(P[6], name)
end

-- What accounting says. s: {step, at, until, box, line or '', ids, own, fingerprint (8 octets), shown, terms, tags of its keys,
--   sid, port or '', interval, timeout, digest (4 octets or ''), hosts or false, traffic {v4, v6, either} or false, name under
--   which the Accept of an unnamed session was noted or '', fill, when the box told it by our clock or 0, how long it lasted
--   until this record or 0}
-- Returns a word, or {word, hosts that came, hosts that went}. Words: 'applied' and what is worth telling, or why it was not:
-- 'stale', 'duplicate', 'restarted' (older than the box's last restart).
local function change(s)
  local step, at, until_ms, box, line, ids, own = s[1], s[2], s[3], s[4], s[5], s[6], s[7] == 1
  local fingerprint, shown, terms, tags, sid, told_ms, told_timeout_ms = s[8], s[9], s[10], s[11], s[12], s[14], s[15]
  local B = epochs[box] or box_of(box)
  if not B[4] then put_box(box, 0, 0, 0) end
  local stored = call('HGET', bucket('s', sid), sid)
  local digest, given, traffic, accepted_as, fill, lasted_ms = s[16], s[17], s[18] or NOTHING, s[19], s[20], s[22]
  local sent_ms = s[21] > 0 and s[21] or at
  local words = {'applied'}
  local epoch, epoch_at, names = B[1], B[2], B[3]
  local known = stored and true or false
  local S = known and session_of(stored) or BLANK
  if known then catch_up_by_line(S, sid) end
  local r_at, r_state, r_epoch, r_line, r_ids, r_own = S[2], S[3], S[4], S[6], S[7], S[8] == 1
  local r_fingerprint, r_digests, r_hosts, interval_ms = S[9], S[10], S[11], S[12]
  local was_expected, accepted = r_state == EXPECTED, S[16]

  -- a Stop of the life before still tells when its session gave its hosts back: others may have had them before the restart
  local overtaken = at < epoch_at
  local tells_end = step == 'stop' and r_state == UP and r_epoch + 1 == epoch
  if overtaken and not tells_end then return 'restarted' end
  if at < r_at then return 'stale' end
  if at == r_at then
    for i = 1, #r_digests, 4 do
      if sub(r_digests, i, i + 3) == digest then
        return {'duplicate', missing(r_hosts, ''), NOTHING}  -- its addresses may not have been noted the first time
      end
    end
    if r_state == UP and step == 'start' then return 'stale' end  -- overtaken by an Interim of the same second
  end
  if r_state == STOPPED and r_epoch == epoch and (step == 'interim' or at == r_at) and step ~= 'stop' then
    return 'stale'  -- the BNG ended it: only a Start, or another life of the BNG, begins it again
  end

  -- another CPE or line, another life of the BNG, or a Start after the Stop: the name came back, the session is a new one
  local other_line = own and r_own and line ~= r_line and contradict(r_ids, ids)
  local other = differs(r_fingerprint, fingerprint) or other_line
  local reborn = known and step ~= 'stop' and
    (r_epoch ~= epoch and (own or step == 'start') or other or
    ((r_state == STOPPED or r_state == EXPIRED) and step ~= 'interim'))
  local ended, moves = step == 'stop', step ~= 'stop'
  -- whether it holds nothing any more of what it held; else it survived a restart of its box, if there was one
  local anew = reborn and (step ~= 'interim' or other)
  local goes_on = known and not anew and (r_state == UP or r_state == EXPIRED)
  local port = known and not anew and (s[13] == '' or S[SHOWN] == shown) and S[PORT] or port_number(box, s[13])

  -- what AAA said when it accepted the session
  local promise, timeout_ms = S[PROMISED], S[TIMEOUT]
  if anew then
    promise, timeout_ms = '', 0
    if moves and S[NEXT][1] == fingerprint and S[NEXT][6] == epoch then
      promise, timeout_ms, accepted = S[NEXT][2], S[NEXT][4], S[NEXT][5]
      if S[NEXT][3] > 0 then interval_ms = S[NEXT][3] end
    end
  end
  local first = not known or anew or was_expected
  if moves and accepted_as ~= '' and (first or goes_on and step == 'interim') then
    -- The other family of a session that is up was authenticated without its name. That Accept may have run out until the
    -- next Interim; what a session took that began since is that one's.
    local promised, interval, timeout, at_ms = accept_of(accepted_as, box, line, epoch, first, accepted)
    if at_ms then
      local takes = first and promise == '' and promised ~= ''
      if takes or not first then promise = merged(promise, promised) end
      if interval_ms == 0 then interval_ms = interval end
      if timeout_ms == 0 then timeout_ms = timeout end
      accepted = max(accepted, at_ms)
      if takes then claim(accepted_as) end
    end
  end
  if told_ms > 0 then interval_ms = told_ms end
  if told_timeout_ms > 0 then timeout_ms = told_timeout_ms end

  -- Hosts: those that accounting names, then those that it leaves out of what was promised. Of a kind that the box names
  -- in any session nothing was left out, unless the operator says so.
  local before = known and r_epoch == epoch and r_state == UP and r_hosts or ''
  local unchanged = goes_on and moves and promise == '' and S[FILLED] == 0 and (not given or given == r_hosts)
  local held = unchanged and NOTHING or tokens_of(r_hosts)
  local tokens = {}
  if given and not unchanged and names < 15 then
    local seen = bit.bor(names, kinds_of(given))
    if seen ~= names then put_box(box, epoch, epoch_at, seen) end
    names = seen
  end
  if unchanged then
    tokens = NOTHING
  elseif moves and given then
    tokens = tokens_of(given)
  elseif moves and not anew then
    for i = 1, #held - S[FILLED] do tokens[i] = held[i] end
  end
  local named = unchanged and r_hosts or table.concat(tokens, '\n')
  local filled, text = 0, named
  if promise ~= '' then
    local kept = {}
    for _, token in ipairs(moves and tokens_of(promise) or NOTHING) do
      local kind = kind_of(token)
      if fill == 'always' or fill == 'auto' and bit.band(names, PROMISED_KINDS[kind] or 0) == 0 then
        kept[#kept + 1] = token
        if bit.band(kinds_of(named), PROMISED_KINDS[kind] or 0) == 0 then
          filled = filled + 1
          tokens[#tokens + 1] = token
        end
      end
    end
    promise, text = table.concat(kept, '\n'), table.concat(tokens, '\n')
  end
  local same = goes_on and text == r_hosts
  account(now, box, epoch, sid, before, S[PORT], text, port)
  -- what was merely promised may not be there: it neither vouches for IPv6 nor is missed
  local v4 = has_kind(named, 'v4|')
  local v6 = has_kind(named, 'ia_') or has_kind(named, 'slaac|') or has_kind(named, 'pd_route|')
  local had_v4 = known and not reborn and r_state == UP and (unchanged and v4 or has_kind(r_hosts, 'v4|'))

  -- from when it holds each of them
  local began = ended and S[BEGAN] or moves and (goes_on and S[BEGAN] > 0 and S[BEGAN] or at) or 0
  local since = S[SINCE]
  if not same then
    local since_of, later = {}, false
    for i, token in ipairs(goes_on and S[BEGAN] > 0 and held or NOTHING) do since_of[token] = S[BEGAN] + (S[SINCE][i] or 0) end
    since = {}
    for i, token in ipairs(tokens) do
      since[i] = (since_of[token] or at) - began
      later = later or since[i] > 0
    end
    if not later then since = {} end
  end

  -- Deadline: so many intervals without a word. If the interval was not told, it is the longest gap between records of the
  -- session, once a second gap was as long: Interims that something triggered lie between those of the clock. No clock
  -- should run faster than ten minutes, and none may run faster than one (RFC 2869 5.16): so short a gap is how a CPE boots,
  -- and shorter ones than ten minutes take a third. Twice the interval is an Interim that was lost.
  -- Without either it ends with its Session-Timeout, a little later since its Stop takes time; one that is heard of after
  -- that has a timeout that we do not know. A gap that is not confirmed is kept as a negative number. A box that was silent
  -- for longer than what it was told allows, and then spoke of the session, goes by another interval: that gap counts, or the
  -- session would end and come back for ever. What counts is when the box told it: its clock may be hours behind.
  local LEAST_GAP_MS, LEAST_INTERVAL_MS, LATE_STOP_MS = 60000, 600000, 300000
  local gap, twice = anew and 0 or S[GAP], not anew and S[TWICE] or 0
  if moves and goes_on and r_epoch == epoch and at - r_at >= LEAST_GAP_MS then
    local this, longest = at - r_at, math.abs(gap)
    if math.abs(this - longest) * 10 <= longest then
      local confirmed = gap > 0 or twice == 1 or longest >= LEAST_INTERVAL_MS
      gap, twice = max(this, longest) * (confirmed and 1 or -1), confirmed and 0 or 1
    elseif this > longest and not (gap > 0 and math.abs(this - 2 * longest) * 10 <= 2 * longest) then
      gap, twice = -this, 0
    end
  end
  if moves then
    local left_ms = began + timeout_ms + LATE_STOP_MS - at
    if interval_ms > 0 then
      local silent_ms = math.abs(gap)
      until_ms = sent_ms + MISSED * (silent_ms > MISSED * interval_ms and silent_ms or interval_ms)
    elseif gap > 0 then
      until_ms = sent_ms + MISSED * max(gap, LEAST_INTERVAL_MS)
    elseif timeout_ms > 0 and left_ms > 0 then
      until_ms = min(until_ms, sent_ms + left_ms)
    end
  end

  -- identity: fixed at first sight; what the BNG itself says takes the place of "none", of an inherited line, and of what it
  -- said before; but for the Stop of another line, which ends what began as it began
  if not known or reborn or (r_line == '' and was_expected) or
    (own and (not r_own or line ~= r_line) and not (ended and other_line)) then
    if known and not reborn and own and r_line == '' then words[#words + 1] = 'late' end
    if r_line ~= line then disown(r_line, sid) end
    r_line, r_ids, r_own = line, ids, own
  end

  -- what it no longer holds
  local gone = NOTHING
  if not same and #held > 0 then
    local still = {}
    gone = {}
    for _, token in ipairs(anew and NOTHING or tokens) do still[token] = true end
    for i, token in ipairs(held) do
      if not still[token] then gone[#gone + 1] = i end
    end
  end
  if not anew then
    close(BACKLOG, S, gone, at, ended and 'stop' or 'interim', r_line, r_ids, S[SHOWN])
  elseif r_epoch ~= epoch then
    local over_ms, why = outlived(S, epoch, epoch_at)
    close(BACKLOG, S, gone, over_ms, why, S[6], S[7], S[SHOWN])
  else
    close(BACKLOG, S, gone, at, 'replaced', S[6], S[7], S[SHOWN])
  end

  -- the Stop of a session of which no record came tells all that is known of it
  if ended and given and (not known or was_expected and not other) then
    local all = {}
    for place = 1, #tokens_of(given) do all[place] = place end
    local from_ms = lasted_ms > 0 and lasted_ms < at and at - lasted_ms or 0
    local alone = {[5] = box, [HOSTS] = given, [BEGAN] = from_ms, [SINCE] = {}, [FILLED] = 0}
    close(BACKLOG, alone, all, at, 'stop', r_line, r_ids, shown)
  end

  -- A session that we did not see begin, or whose counters began anew, only says where it stands. A session that fell silent
  -- and that a Start of the same CPE brings back may count on from where it stood.
  local counted = #S[13] > 0 and not reborn
  local resumed = #S[13] > 0 and r_state == EXPIRED and r_epoch == epoch and not other
  if #traffic == 3 and (counted or step == 'start') then
    local mixed = traffic[3] > 0 or traffic[2] == 0 and (filled > 0 or S[FILLED] > 0)
    count(box, (counted or resumed) and S[13], traffic, mixed)
  end

  -- IPv6 counters that stand still while those of IPv4 rise: of records that tell them apart
  local apart = #traffic == 3 and traffic[3] == 0 and counted and (S[13][4] or 0) == 0
  local flat = not reborn and S[13][3] or 0
  local rising = apart and traffic[1] > S[13][1] and at or 0

  local L = r_line ~= '' and tail_of(r_line)
  if L then
    if apart and step ~= 'stop' then
      L[V4_ROSE] = max(L[V4_ROSE], rising)
      if traffic[2] > S[13][2] then
        if flat >= 2 then words[#words + 1] = 'traffic' end
        flat = 0
      elseif v6 and at > r_at and (rising > 0 or L[V4_ROSE] >= r_at and L[V4_ROSE] > 0) then
        flat = min(flat + 1, 3)
        if flat == 2 then words[#words + 1] = 'no_traffic' end
      end
    end

    local marks = IS_UP + (v4 and HAS_V4 or 0) + (v6 and HAS_V6 or 0)
    vouch(L, ended, sid, box, epoch, until_ms, marks, at, tags, reborn, '')
    if not ended then watch(words, L, r_line, v4, v6, had_v4, at) end
    put_line(r_line, L)
  end
  local octets = S[13]
  if #traffic == 3 then octets = {traffic[1], traffic[2], flat, traffic[3]} elseif reborn then octets = {} end

  if at == r_at and known then
    digest = digest == '' and r_digests or sub(r_digests .. digest, -64)
  end
  if known and r_line ~= line then terms = S[15] end  -- those of the line that stays
  find_by(S, sid, terms, box, port, shown)
  put_session(sid, {
    ended and now + TOMBSTONE_MS or until_ms, at, ended and STOPPED or UP, overtaken and r_epoch or epoch, box, r_line, r_ids, r_own and 1 or 0,
    (fingerprint ~= NO_PRINT and not ended) and fingerprint or r_fingerprint, digest, text, interval_ms, octets,
    shown, terms, accepted, port, began, since, gap, timeout_ms, filled, promise,
    0, anew and {} or S[NEXT], twice,
  })
  local word, came, went = #words > 1 and table.concat(words, ',') or 'applied', NOTHING, NOTHING
  if text ~= r_hosts then came, went = missing(text, r_hosts), missing(r_hosts, text) end
  if L and MOST_ENTRIES > 0 and (step ~= 'interim' or text ~= r_hosts) then
    tell(s, r_line, r_ids, came, went, goes_on, goes_on and at - began < DAY_MS)
  end
  return text == r_hosts and word or {word, came, went}
end

-- What an Accept tells is {ids, fingerprint, shown, terms, port, interval, timeout, what it promises}; beside that, whether
-- its request named the line itself (1 or 0), tags, and how the session came by its line.

-- an Accept of a session that nothing is known of
local function begin(at, until_ms, box, line, sid, digest, told, own, tags, outcome)
  local B = box_of(box)
  if not B[4] then put_box(box, 0, 0, 0) end
  if at < B[2] then return 'restarted' end
  local L = line ~= '' and tail_of(line)
  if L then
    vouch(L, false, sid, box, B[1], until_ms, own * IS_OWN + outcome * CAME_BY, at, tags, false, digest)
    put_line(line, L)
  end
  local port, shown = port_number(box, told[5]), came_by(told[3], outcome)
  find_by(BLANK, sid, told[4], box, port, shown)
  put_session(sid, {
    until_ms, 0, EXPECTED, B[1], box, line, told[1], own, told[2], '', '', told[6], {}, shown, told[4], at,
    port, 0, {}, 0, told[7], 0, told[8], 0, {}, 0,
  })
  return 'applied'
end

-- an Accept of a session that is up
local function note_accept(S, sid, at, epoch, told)
  local fingerprint, promised = told[2], told[8]
  local other = differs(S[9], fingerprint)
  -- its other family was authenticated: what is promised counts from its next record on
  if at > S[16] and promised ~= '' and S[4] == epoch and not other then
    S[PROMISED], S[16] = merged(S[PROMISED], promised), at
    put_session(sid, S)
  -- it is of another CPE, or the box has restarted: kept for the session that this CPE begins under that name
  elseif fingerprint ~= NO_PRINT and at > max(S[16], S[NEXT][5] or 0) and (S[4] ~= epoch or other) then
    local adds = S[NEXT][1] == fingerprint and S[NEXT][6] == epoch
    S[NEXT] = {fingerprint, merged(adds and S[NEXT][2] or '', promised), told[6], told[7], at, epoch}
    put_session(sid, S)
  end
end

-- An Accept of a session that something is known of. What accounting says is by the NAS's clock, and newer than any Accept.
local function again(at, until_ms, box, line, sid, digest, told, own, tags, outcome, stored)
  local B = box_of(box)
  if not B[4] then put_box(box, 0, 0, 0) end
  local epoch, S = B[1], session_of(stored)
  if at < B[2] then return 'restarted' end  -- a restart is never dated ahead of our clock
  catch_up_by_line(S, sid)
  if S[3] == UP then
    note_accept(S, sid, at, epoch, told)
    return 'known'
  end
  local over, names = S[3] == STOPPED or S[3] == EXPIRED, own == 1
  if at <= S[16] or over and at <= S[1] - TOMBSTONE_MS then return 'known' end  -- when it was over, by our clock

  -- another CPE or line, another life of the BNG, or a session that ended: the name came back, the session is a new one
  local anew = over or names and S[4] ~= epoch or differs(S[9], told[2]) or
    names and S[8] == 1 and line ~= S[6] and contradict(S[7], told[1])
  local promise, word = merged(not anew and S[4] == epoch and S[PROMISED] or '', told[8]), 'applied'
  local stays = not anew and (told[5] == '' or S[5] == box and port_of(S[SHOWN]) == told[5])
  local port, shown = stays and S[PORT] or port_number(box, told[5]), came_by(told[3], outcome)
  -- identity: fixed at first sight, see `change`
  if anew or S[6] == '' or names and (S[8] ~= 1 or line ~= S[6]) then
    if not anew and names and S[6] == '' then word = 'applied,late' end
    if S[6] ~= line then disown(S[6], sid) end
    S[6], S[7], S[8] = line, told[1], own
  end
  if anew then S[13], S[GAP], S[TIMEOUT], S[NEXT], S[TWICE] = {}, 0, 0, {}, 0 end
  if anew or told[8] ~= '' then S[CLAIMED] = 0 end
  local L = S[6] ~= '' and tail_of(S[6])
  if L then
    local marks = S[8] * IS_OWN + outcome * CAME_BY
    vouch(L, false, sid, box, epoch, until_ms, marks, at, tags, anew, S[CLAIMED] == 0 and digest or '')
    put_line(S[6], L)
  end
  local terms = S[6] == line and told[4] or S[15]  -- those of the line that stays
  find_by(S, sid, terms, box, port, shown)
  S[1], S[3], S[4], S[5], S[11], S[14], S[15], S[16], S[PORT] = until_ms, EXPECTED, epoch, box, '', shown, terms, at, port
  S[BEGAN], S[SINCE], S[FILLED], S[PROMISED] = 0, {}, 0, promise
  if told[2] ~= NO_PRINT then S[9] = told[2] end
  if told[6] > 0 then S[12] = told[6] end
  if told[7] > 0 then S[TIMEOUT] = told[7] end
  put_session(sid, S)
  return word
end

-- AAA accepted a session. What that tells is packed, `digest` is of it.
local function expect(at, until_ms, box, line, sid, digest, packed, own, tags, outcome)
  local told = unpack_(packed)
  local stored = call('HGET', bucket('s', sid), sid)
  if not stored then return begin(at, until_ms, box, line, sid, digest, told, own, tags, outcome) end
  return again(at, until_ms, box, line, sid, digest, told, own, tags, outcome, stored)
end

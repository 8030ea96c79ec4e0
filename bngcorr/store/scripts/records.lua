-- Records of lines, keys, sessions and hosts, as they are read and changed; stands behind lines.lua.
local EXPECTED, UP, STOPPED, EXPIRED = 1, 2, 3, 4  -- states of sessions
-- marks of a session that vouches for a line; those of one that is only expected have, from 16 on, how it came by its line
local IS_UP, IS_OWN, HAS_V4, HAS_V6, CAME_BY = 1, 2, 4, 8, 16
local function number_of(id)  -- of its bucket
  local one, two = byte(id, 1, 2)
  return one * 16 + (two - two % 16) / 16
end
local function put(kind, id, record)
  if call('HSET', bucket(kind, id), id, pack(record)) == 1 then occupy(kind, number_of(id)) end
end
-- whether there was none so far
local function put_new(kind, id, record)
  if call('HSETNX', bucket(kind, id), id, pack(record)) == 0 then return false end
  occupy(kind, number_of(id))
  return true
end

-- whether an error says of the server that it takes nothing now
local SERVERS = {OOM = true, READONLY = true, MISCONF = true, NOREPLICAS = true, BUSY = true}
local function server_is_away(trouble) return SERVERS[string.match(trouble, '^-?(%u+) ') or ''] or false end

local function deadline_of(L)
  local until_ms = max(L[3], L[6])
  for at = VOUCHERS, #L, 8 do until_ms = max(until_ms, L[at + ENDS]) end
  return until_ms
end

local function line_from(octets)
  local L = unpack_(octets)
  if L[13] == SAME then L[13], L[14] = L[11], L[12] end
  L[UNTIL] = max(L[UNTIL], deadline_of(L))
  return L
end

local function octets_from(L)
  local soonest, until_ms, last, counts, last_v6, counts_v6 = NO_SECOND, L[UNTIL], L[2], L[3], L[5], L[6]
  for at = VOUCHERS, #L, 8 do soonest = min(soonest, floor(L[at + ENDS] / 1000)) end
  local keys_v6, told_v6 = L[13], L[14]
  if until_ms == deadline_of(L) then L[UNTIL] = 0 end
  if keys_v6 == L[11] and told_v6 == L[12] then L[13], L[14] = SAME, SAME end
  L[SOONEST], L[2], L[3], L[5], L[6] = NO_SECOND, NEVER, NEVER, NEVER, NEVER  -- of the size that they have in front
  local octets = pack(L)
  L[UNTIL], L[13], L[14], L[2], L[3], L[5], L[6] = until_ms, keys_v6, told_v6, last, counts, last_v6, counts_v6
  local front = struct_pack(FRONT, SECOND, soonest, INSTANT, last, INSTANT, counts, L[LATEST], INSTANT, last_v6, INSTANT,
    counts_v6)
  return sub(octets, 1, 3) .. front .. sub(octets, AT_NOTED)
end

-- Steps of sessions need no more of a line than what stands from UNTIL on. That is a line's record as well, but for its fields
-- 1, 2, 4, 5 and 7 to 14, which stay octets: field 14 tells where they end. Such lines stand in `lines`, and as octets in `halves`.
local function tail_of(id)
  local L = lines[id]
  if L ~= nil then return L end
  local octets = call('HGET', bucket('l', id), id)
  if octets then
    local at = AT_NOTED
    for _ = 1, 2 do at = at + (byte(octets, at) == INSTANT and 9 or 1) end
    for _ = 1, 4 do at = behind_text(octets, at) end
    for _ = 1, 2 do at = byte(octets, at) == SAME and at + 1 or behind_text(octets, at) end
    L = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, some(octets, array_at(octets, 0) - 14, at - 1)}
    local _, counts, _, _, counts_v6 = struct_unpack('>xI8xI8BxI8xI8', octets, AT_LAST)
    L[3], L[6], L[14] = counts, counts_v6, at
    L[UNTIL] = max(L[UNTIL], deadline_of(L))
  end
  lines[id], halves[id], used = L or false, octets or nil, true
  return L
end
local function octets_from_half(octets, L)
  local soonest, size, until_ms = NO_SECOND, #L, L[UNTIL]
  for at = VOUCHERS, size, 8 do soonest = min(soonest, floor(L[at + ENDS] / 1000)) end
  if until_ms == deadline_of(L) then until_ms = 0 end
  return char(220, floor(size / 256), size % 256) .. struct_pack('>BI4', SECOND, soonest) .. sub(octets, AT_LAST, L[14] - 1) ..
    pack(until_ms, unpack(L, FIRST))
end

-- Lines are read once, and written once, by `flush`: several lessons of a batch are about the same line.
local function line_of(id)
  local L, half = lines[id], halves[id]
  if L == nil then
    local octets = call('HGET', bucket('l', id), id)
    L = octets and line_from(octets) or false
    lines[id], halves[id], used = L, nil, true
  elseif L and half then
    L = line_from(changed[id] and octets_from_half(half, L) or half)
    lines[id], halves[id] = L, nil
  end
  return L
end

local function put_line(id, L) lines[id], changed[id] = L, true end

-- what a sighting told: {ids, shown, terms, marks}
local function told_by(L, family)
  local packed = L[TEXTS + 2 * family + 1]
  return packed ~= '' and unpack_(packed) or nil
end
local function ids_of(L) return told_by(L, L[LATEST])[1] end

-- where a session stands among those that vouch for a line
local function voucher_of(L, sid)
  for at = VOUCHERS, #L, 8 do
    if L[at] == sid then return at end
  end
end

local function has_key(keys, key)
  for at = 1, #keys, 12 do
    if sub(keys, at, at + 11) == key then return true end
  end
  return false
end
local function without(keys, key)
  for at = 1, #keys, 12 do
    if sub(keys, at, at + 11) == key then return sub(keys, 1, at - 1) .. sub(keys, at + 12) end
  end
  return keys
end

-- A key's record is flat as well, six fields a line: line, first, last not v6, last v6, until, marks. What the record of a
-- line tells of the key moves there; `leave` then forgets it in the line's record. Both say whether anything was told.
local function settle(L, record, at, key)
  local some = false
  for family = 1, 2 do
    if has_key(L[TEXTS + 2 * family], key) then
      some = true
      record[at + 1 + family] = max(record[at + 1 + family], L[3 * family - 1])
      record[at + 4] = max(record[at + 4], L[3 * family])
    end
  end
  return some
end
local function leave(L, key)
  for family = 1, 2 do
    local keys = L[TEXTS + 2 * family]
    local rest = without(keys, key)
    if rest ~= keys then L[6 + family], L[TEXTS + 2 * family] = 0, rest end
  end
end
-- until when a line counts on a key by its own record; 0: that tells nothing
local function told_until(L, key)
  local until_ms = 0
  for family = 1, 2 do
    if L and has_key(L[TEXTS + 2 * family], key) then until_ms = max(until_ms, L[3 * family]) end
  end
  return until_ms
end

-- kinds of hosts that an Access-Accept may promise; their sum tells which of them a box names in accounting. A delegated
-- prefix is one kind, whether the box names it as a host or as a managed route.
local PROMISED_KINDS = {ia_na = 1, ia_pd = 2, slaac = 4, pd_route = 2}

local function epoch_of(box)
  local B = epochs[box] or box_of(box)
  return B[1], B[2], B[3]
end

local function put_box(box, epoch, at, names)
  epochs[box] = {epoch, at, names, true, epochs[box] and epochs[box][5], false}
  call('HSET', PREFIX .. 'e', box, string.format(names > 0 and '%d %d %d' or '%d %d', epoch, at, names))
end

-- A session's record, see store/packing.py. The last fields are left out where they say nothing; when it began is told by
-- how long ago that was at its latest record.
local HOSTS, SHOWN, PORT, BEGAN, SINCE, GAP, TIMEOUT, FILLED, PROMISED = 11, 14, 17, 18, 19, 20, 21, 22, 23
local CLAIMED, NEXT, TWICE = 24, 25, 26
local BLANK = {0, 0, 0, 0, '', '', '', 0, '\0\0\0\0\0\0\0\0', '', '', 0, {}, '', '', 0, 0, 0, {}, 0, 0, 0, '', 0, {}, 0}
local function session_of(packed)
  local _, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, began, since, t, u, v, w, x, following, z =
    some(packed, array_at(packed, 0))  -- a table of their number is made at once
  if began and began > 0 then began = b + 1 - began end
  return {
    a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, began or 0, since or BLANK[SINCE], t or 0, u or 0, v or 0, w or '', x or 0,
    following or BLANK[NEXT], z or 0,
  }
end
local function put_session(sid, S)
  if S[BEGAN] > 0 then S[BEGAN] = S[2] + 1 - S[BEGAN] end
  for field = #BLANK, BEGAN, -1 do
    local said = S[field]
    if said ~= BLANK[field] and (type(said) ~= 'table' or #said > 0) then break end
    S[field] = nil
  end
  put('s', sid, S)
end

-- how a session came by its line is the second octet of what people are shown of it
local function came_by(shown, outcome) return sub(shown, 1, 1) .. char(outcome) .. sub(shown, 3) end

-- what a voucher says of a session that is only expected
local function catch_up(S, L, at)
  S[1], S[16] = max(S[1], L[at + ENDS]), max(S[16], L[at + HEARD])
  S[SHOWN] = came_by(S[SHOWN], floor(L[at + MARKS] / CAME_BY))
end
local function catch_up_by_line(S, sid)
  local L = S[3] == EXPECTED and S[6] ~= '' and tail_of(S[6])
  local at = L and voucher_of(L, sid)
  if at and L[at + DIGEST] ~= '' then catch_up(S, L, at) end
end
local function dismiss(L, at)
  if L[at + DIGEST] ~= '' then
    local stored = call('HGET', bucket('s', L[at]), L[at])
    local S = stored and session_of(stored)
    if S and S[3] == EXPECTED then
      catch_up(S, L, at)
      put_session(L[at], S)
    end
  end
  local rest = #L - 8
  for place = at, rest do L[place] = L[place + 8] end
  for place = rest + 8, rest + 1, -1 do L[place] = nil end
end

-- Lists of hosts are texts, one host a line; nearly all are of one host, or of none.
local function are_many(hosts) return find(hosts, '\n', 1, true) end
local function tokens_of(hosts)
  if hosts == '' then return {} end
  if not are_many(hosts) then return {hosts} end
  local tokens = {}
  for token in string.gmatch(hosts, '[^\n]+') do tokens[#tokens + 1] = token end
  return tokens
end
local function kind_of(token) return string.match(token, '^[^|]+') end

-- A batch tells some things once for all of its lessons, see `flush`; a script that does not gather them tells each at once.
local gathers = false
local closed, most_closed = {}, 0  -- sessions that gave hosts back, packed, and how many of all are kept
local spent, grown = {}, {}  -- usage of boxes, box → {epoch, changes}; their traffic, box → {field → octets}
local occupied = {}  -- kind → how BITFIELD takes numbers
local MOST_CLOSED, MOST_OCCUPIED = 64, 256  -- at once; of the latter there are four values a number

local function push_closed()
  local length = call('RPUSH', PREFIX .. 'c', unpack(closed))
  closed = {}
  if length > most_closed then
    call('LTRIM', PREFIX .. 'c', -most_closed, -1)
    call('HINCRBY', PREFIX .. 'q', 'closed.lost', length - most_closed)
  end
end

-- A session gives hosts back, as S tells them: `gone` are their places in its list. Who held them is kept in a list until
-- it is written down, for at most `backlog` sessions; then the oldest go, and are counted.
local function close(backlog, S, gone, until_ms, why, line, ids, shown)
  if #gone == 0 or backlog == 0 then return end
  local tokens, hosts, since, filled = tokens_of(S[HOSTS]), {}, {}, {}
  for i, place in ipairs(gone) do
    hosts[i] = tokens[place]
    since[i] = S[BEGAN] + (S[SINCE][place] or 0)
    if place > #tokens - S[FILLED] then filled[#filled + 1] = tokens[place] end
  end
  closed[#closed + 1], most_closed = pack({
    S[5], table.concat(hosts, '\n'), since, until_ms, why, line, ids, shown, table.concat(filled, '\n'),
  }), backlog
  if not gathers or #closed >= MOST_CLOSED then push_closed() end
end

-- Until when a session had its hosts that did not survive a restart of its box, and why not longer: until the restart that
-- followed. If there was another one since, its instant is what is known, and may be long after: somebody else may have
-- them by then. So the session is told as one that fell silent.
local function outlived(S, epoch, epoch_at)
  if S[4] + 1 < epoch then return S[2], 'expired' end
  return math.max(epoch_at, S[2]), 'restart'
end

-- whether a line has a session on a key; `live` asks for one that counts now, else one that may be heard of again will do
local function vouches(L, key, now, live)
  if not L then return false end
  for at = VOUCHERS, #L, 8 do
    local stands = L[at + ENDS] > now and has_tag(L[at + TAGS], key)
    if stands and (not live or L[at + EPOCH] == epoch_of(L[at + BOX])) then return true end
  end
  return false
end

-- the encoded ids of two lines: a Remote-Id, else a Circuit-Id, that both have and that differs
local function id_parts(ids)
  local size = math.max(string.byte(ids, 1), 1)
  return string.sub(ids, 2, size), string.sub(ids, size + 2)
end
local function contradict(one, other)
  local remote, circuit = id_parts(one)
  local remote2, circuit2 = id_parts(other)
  if remote ~= '' and remote2 ~= '' then return remote ~= remote2 end
  return circuit ~= '' and circuit2 ~= '' and circuit ~= circuit2
end

local MOST_INDEXED = 1000  -- under one term: a switch's own MAC as Remote-Id names hundreds of lines

local function index_find(entries, entry)
  local at = string.find(entries, entry, 1, true)
  while at and at % 13 ~= 1 do at = string.find(entries, entry, at + 1, true) end
  return at
end

-- most terms of a line are new with it: one call then
local function index_add(term, entry)
  local name = bucket('i', term)
  if byte(entry) == 108 and call('HSETNX', name, term, entry) == 1 then return end
  local entries = call('HGET', name, term) or ''
  if index_find(entries, entry) then return end
  if #entries >= 13 * MOST_INDEXED then entries = string.sub(entries, 14) end
  call('HSET', name, term, entries .. entry)
end

local function index_remove(term, entry)
  local name = bucket('i', term)
  local entries = call('HGET', name, term)
  local at = entries and index_find(entries, entry)
  if not at then return end
  entries = string.sub(entries, 1, at - 1) .. string.sub(entries, at + 13)
  if entries == '' then call('HDEL', name, term) else call('HSET', name, term, entries) end
end

-- `before` and `after` are terms of 8 octets each, one behind the other
local function has_term(terms, term)
  for at = 1, #terms, 8 do
    if sub(terms, at, at + 7) == term then return true end
  end
  return false
end
local function reindex(before, after, entry)
  if before == after then return end
  for at = 1, #before, 8 do
    local term = sub(before, at, at + 7)
    if not has_term(after, term) then index_remove(term, entry) end
  end
  for at = 1, #after, 8 do
    local term = sub(after, at, at + 7)
    if not has_term(before, term) then index_add(term, entry) end
  end
end

-- a line is found by what either family told last
local function terms_of(L)
  local one, other = told_by(L, 1), told_by(L, 2)
  if not one or not other then return (one or other)[3] end
  local terms = one[3]
  for at = 1, #other[3], 8 do
    local term = sub(other[3], at, at + 7)
    if not has_term(terms, term) then terms = terms .. term end
  end
  return terms
end

-- what stands in one list of hosts and not in the other, each once
local function missing(from, other)
  if from == '' or from == other then return {} end
  if other == '' and not are_many(from) then return {from} end
  local set, out = {}, {}
  for token in string.gmatch(other, '[^\n]+') do set[token] = true end
  for token in string.gmatch(from, '[^\n]+') do
    if not set[token] then out[#out + 1], set[token] = token, true end
  end
  return out
end

-- whether a list of hosts has one whose kind begins so
local function has_kind(hosts, kind)
  if hosts == '' then return false end
  return sub(hosts, 1, #kind) == kind or are_many(hosts) and find(hosts, '\n' .. kind, 1, true) ~= nil
end

-- which of the PROMISED_KINDS are among some hosts, as the sum of their marks
local function kinds_of(hosts)
  if not are_many(hosts) then return PROMISED_KINDS[kind_of(hosts)] or 0 end
  local marks = 0
  for kind, mark in pairs(PROMISED_KINDS) do
    if has_kind(hosts, kind .. '|') then marks = bit.bor(marks, mark) end
  end
  return marks
end

-- ports of a box, numbered as they come; 0: unknown, or more of them than a box can have
local MOST_PORTS = 4096
local function port_number(box, port)
  if port == '' then return 0 end
  local B = box_of(box)
  local ports = B[5] or {}
  B[5] = ports
  if ports[port] then return ports[port] end
  local name = PREFIX .. 'o:' .. box
  local number = tonumber(call('HGET', name, port))
  if not number then
    number = call('HLEN', name) + 1
    if number > MOST_PORTS then return 0 end
    call('HSET', name, port, number)
  end
  ports[port] = number
  return number
end

-- Sessions by port: hashes of 128 fields, the names of sessions one behind the other in each. The first octet of a field
-- goes by the VLANs, so that those of one pair are found in few, the second by the session's name.
local function vlans_of(shown)
  if shown == '' then return 0 end
  local values, at = array_at(shown, 0)
  local _, _, _, _, _, _, outer, inner = some(shown, values, at)
  return ((outer or 0) * 7 + (inner or 0)) % 32
end
local function port_of(shown) return shown ~= '' and unpack_(shown)[5] or nil end
local function seats_of(box, port, vlans, sid)
  local name, field = PREFIX .. 'd:' .. box .. ':' .. port, char(vlans, byte(sid, 3) % 4)
  local sids = call('HGET', name, field) or ''
  local at = string.find(sids, sid, 1, true)
  while at and at % 12 ~= 1 do at = string.find(sids, sid, at + 1, true) end
  return name, field, sids, at
end
local function seat(box, port, vlans, sid)
  if port == 0 then return end
  local name, field, sids, at = seats_of(box, port, vlans, sid)
  if not at then call('HSET', name, field, sids .. sid) end
end
local function unseat(box, port, vlans, sid)
  if port == 0 then return end
  local name, field, sids, at = seats_of(box, port, vlans, sid)
  if not at then return end
  sids = sub(sids, 1, at - 1) .. sub(sids, at + 12)
  if sids == '' then call('HDEL', name, field) else call('HSET', name, field, sids) end
end

-- A session is found by other terms than it was, and in another place; '', '', 0 and '': it is no longer there.
local function find_by(S, sid, terms, box, port, shown)
  reindex(S[15], terms, 's' .. sid)
  if S[PORT] == port and S[SHOWN] == shown then return end
  local before, after = vlans_of(S[SHOWN]), vlans_of(shown)
  if S[PORT] ~= port or before ~= after then
    unseat(S[5], S[PORT], before, sid)
    seat(box, port, after, sid)
  end
end

-- Two books of one kind: the ledger, and the recount of an audit beside it. Usage is a hash of counters, "kind" of the
-- whole box and "port|kind" of one port; references tell by host how many sessions hold it on each port.
-- What an audit that was killed leaves of its recount goes by itself.
local LEDGER = {usage = 'u:', references = 'h:'}
local RECOUNT = {usage = 'v:', references = 'j:', lasts_ms = 6 * 3600000}

-- "epoch count@port …" → {port → count}, empty if it is of another epoch
local function references_of(packed, epoch)
  local of, rest = string.match(packed or '', '^(%d+)(.*)$')
  local counts = {}
  if tonumber(of) == epoch then
    for count, port in string.gmatch(rest, ' (%d+)@(%d+)') do counts[tonumber(port)] = tonumber(count) end
  end
  return counts
end

-- Usage of a new epoch. A value of more than 64 octets makes it a hash table at once: as the list that a hash of less than
-- 512 fields is otherwise, a box with dozens of ports would take 9 µs for each step of each counter, not 1 µs.
local function open_usage(usage, epoch)
  call('DEL', usage)
  call('HSET', usage, 'epoch', string.format('%065d', epoch))
end

-- usage changes by these steps, field → step; some are read and written at once
local AT_ONCE = 64
local function post(book, box, epoch, changes)
  local usage, some = PREFIX .. book.usage .. box, {}
  for field, step in pairs(changes) do
    if step ~= 0 then some[#some + 1] = field end
  end
  if #some > AT_ONCE then
    if tonumber(call('HGET', usage, 'epoch') or '-1') ~= epoch then open_usage(usage, epoch) end
    for _, field in ipairs(some) do call('HINCRBY', usage, field, changes[field]) end
  else
    local counts, told = call('HMGET', usage, 'epoch', unpack(some)), {}
    local fresh = tonumber(counts[1] or '-1') ~= epoch
    if fresh then open_usage(usage, epoch) end
    for i, field in ipairs(some) do
      told[2 * i - 1], told[2 * i] = field, (fresh and 0 or tonumber(counts[i + 1] or '0')) + changes[field]
    end
    if #told > 0 then call('HSET', usage, unpack(told)) end
  end
  if book.lasts_ms then call('PEXPIRE', usage, book.lasts_ms) end
end

-- A host counts on so many ports of a box at most, whatever holds it there; on more of them it is spent on none that is
-- known. A step of any of its sessions takes as long as it has ports.
local MOST_PORTS_OF_HOST = 64
local function counted_on(counts, port, step)
  if counts[port] then return port end
  local ports = 0
  for at in pairs(counts) do ports = ports + (at > 0 and 1 or 0) end
  if step > 0 and ports >= MOST_PORTS_OF_HOST or step < 0 and counts[0] then return 0 end
  return port
end

-- One host more or less, on one port.
local function count_host(book, box, epoch, changes, token, port, step)
  local id = sub(redis.sha1hex(token), 1, 16)
  local number = tonumber(sub(id, 1, 3), 16)
  local name = numbered(book.references .. box, number)
  local stored, kind = call('HGET', name, id), kind_of(token)
  local alone, here_is = epoch .. ' 1@' .. port, port .. '|' .. kind
  if step > 0 and not stored or step < 0 and stored == alone then  -- nobody else holds it
    if step > 0 then
      call('HSET', name, id, alone)
      if book == LEDGER then occupy(book.references .. box, number) end
    else
      call('HDEL', name, id)
    end
    if book.lasts_ms then call('PEXPIRE', name, book.lasts_ms) end
    changes[kind], changes[here_is] = (changes[kind] or 0) + step, (changes[here_is] or 0) + step
    return
  end
  local counts = references_of(stored, epoch)
  port = counted_on(counts, port, step)
  local held, here = next(counts) ~= nil, counts[port] or 0
  local left = max(here + step, 0)
  counts[port] = left > 0 and left or nil
  local parts = {tostring(epoch)}
  for at, times in pairs(counts) do parts[#parts + 1] = times .. '@' .. at end
  if #parts > 1 then call('HSET', name, id, table.concat(parts, ' ')) else call('HDEL', name, id) end
  if book.lasts_ms then call('PEXPIRE', name, book.lasts_ms) end
  if held ~= (#parts > 1) then changes[kind] = (changes[kind] or 0) + step end
  if (here > 0) ~= (left > 0) then
    here_is = port .. '|' .. kind
    changes[here_is] = (changes[here_is] or 0) + step
  end
end

-- one session more or less that has hosts, or some of a kind
local function count_session(changes, kind, port, step)
  local here_is = port .. '|' .. kind
  changes[kind], changes[here_is] = (changes[kind] or 0) + step, (changes[here_is] or 0) + step
end

-- one session's hosts before and after, each list with its port; with `gathered`, its changes of usage are left to be posted
local function enter(book, box, epoch, before, before_port, after, after_port, gathered)
  local changes, same = gathered or {}, before_port == after_port
  for _, token in ipairs(missing(before, same and after or '')) do
    count_host(book, box, epoch, changes, token, before_port, -1)
  end
  for _, token in ipairs(missing(after, same and before or '')) do
    count_host(book, box, epoch, changes, token, after_port, 1)
  end
  if before ~= '' then count_session(changes, 'sessions', before_port, -1) end
  if after ~= '' then count_session(changes, 'sessions', after_port, 1) end
  if has_kind(before, 'ia_') then count_session(changes, 'na_or_pd', before_port, -1) end
  if has_kind(after, 'ia_') then count_session(changes, 'na_or_pd', after_port, 1) end
  if not gathered then post(book, box, epoch, changes) end
end

-- what the lessons of this batch change of a box's usage
local function spent_by(box, epoch)
  local U = spent[box]
  if U and U[1] ~= epoch then post(LEDGER, box, U[1], U[2]) end
  if not U or U[1] ~= epoch then
    U = {epoch, {}}
    spent[box] = U
  end
  return U[2]
end

-- The hosts of one session before and after: the ledger of the box learns the difference. A host that several sessions
-- hold counts once, a session that holds any counts once. Counts of an older epoch are none. An audit that has passed
-- the session's bucket learns the same.
local function account(now, box, epoch, sid, before, before_port, after, after_port)
  if before == after and (before == '' or before_port == after_port) then return end
  enter(LEDGER, box, epoch, before, before_port, after, after_port, gathers and spent_by(box, epoch))
  if not auditing then
    local lasts, passed = string.match(call('HGET', PREFIX .. 'q', 'audit') or '', '^(%d+) (%d+)$')
    auditing = {tonumber(lasts) or 0, tonumber(passed) or 0}
  end
  if auditing[1] > now and byte(sid, 1) * 16 + floor(byte(sid, 2) / 16) < auditing[2] then
    enter(RECOUNT, box, epoch, before, before_port, after, after_port)
  end
end

-- a session no longer vouches for a line
local function disown(line, sid)
  local L = line ~= '' and tail_of(line)
  local at = L and voucher_of(L, sid)
  if not at then return end
  dismiss(L, at)
  put_line(line, L)
end

-- Octets that came. A sum that no integer holds stays as it is.
local function add_traffic(box, field, octets)
  redis.pcall('HINCRBY', PREFIX .. 't:' .. box, field, format('%d', octets))
end
local function grow(box, field, octets)
  if octets <= 0 then return end
  local fields = grown[box] or {}
  local sum = (fields[field] or 0) + octets
  grown[box] = fields
  if sum < NEVER then fields[field] = sum else add_traffic(box, field, octets) end
end

local function occupy_some(kind)
  call('BITFIELD', PREFIX .. 'b:' .. kind, unpack(occupied[kind]))
  occupied[kind] = nil
end
local function occupy_later(kind, number)
  local some = occupied[kind] or {}
  occupied[kind] = some
  local size = #some
  some[size + 1], some[size + 2], some[size + 3], some[size + 4] = 'SET', 'u1', number, '1'
  if size >= MOST_OCCUPIED then occupy_some(kind) end
end

-- all that was changed of a domain is written
local function flush()
  for id in pairs(changed) do
    local L, half = lines[id], halves[id]
    if L and call('HSET', bucket('l', id), id, half and octets_from_half(half, L) or octets_from(L)) == 1 then
      occupy('l', number_of(id))
    end
  end
  for box, U in pairs(spent) do post(LEDGER, box, U[1], U[2]) end
  for box, fields in pairs(grown) do
    for field, octets in pairs(fields) do add_traffic(box, field, octets) end
  end
  if #closed > 0 then push_closed() end
  for kind in pairs(occupied) do occupy_some(kind) end
  spent, grown = {}, {}
end

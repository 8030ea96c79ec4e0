-- What all scripts share; stands in front of each of them.
-- KEYS[1] is always the epochs of the domain: it names the slot, and all other names are derived from it.
-- Records are arrays in MessagePack; their layouts are told in store/packing.py.
local PREFIX = string.sub(KEYS[1], 1, -2)
local call, pack, unpack_ = redis.call, cmsgpack.pack, cmsgpack.unpack
local EXPECTED, UP, STOPPED, EXPIRED = 1, 2, 3, 4  -- states of sessions
local IS_UP, HAS_V4, HAS_V6 = 1, 4, 8  -- marks of a session that vouches for a line

local function bucket(kind, id)
  return PREFIX .. kind .. ':' .. (string.byte(id, 1) * 16 + math.floor(string.byte(id, 2) / 16))
end

local function get(kind, id)
  local packed = call('HGET', bucket(kind, id), id)
  return packed and unpack_(packed) or nil
end

local function put(kind, id, record) call('HSET', bucket(kind, id), id, pack(record)) end

local function drop(kind, id) call('HDEL', bucket(kind, id), id) end

local epochs = {}  -- box → {epoch, instant}, as far as it was looked up
local function epoch_of(box)
  if not epochs[box] then
    local epoch, at = string.match(call('HGET', KEYS[1], box) or '0 0', '^(%d+) (%d+)$')
    epochs[box] = {tonumber(epoch), tonumber(at)}
  end
  return epochs[box][1], epochs[box][2]
end

-- the first octets of a key tell which keys a session vouches on
local function has_tag(tags, key)
  local tag = string.sub(key, 1, 4)
  for at = 1, #tags, 4 do
    if string.sub(tags, at, at + 3) == tag then return true end
  end
  return false
end

-- whether a line has a session on a key; `live` asks for one that counts now, else one that may be heard of again will do
local function vouches(L, key, now, live)
  if not L then return false end
  for _, v in ipairs(L[8]) do
    if v[4] > now and has_tag(v[7], key) and (not live or v[3] == epoch_of(v[2])) then return true end
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
  for at = 1, #entries, 13 do
    if string.sub(entries, at, at + 12) == entry then return at end
  end
end

local function index_add(term, entry)
  local name = bucket('i', term)
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
local function reindex(before, after, entry)
  if before == after then return end
  for at = 1, #before, 8 do index_remove(string.sub(before, at, at + 7), entry) end
  for at = 1, #after, 8 do index_add(string.sub(after, at, at + 7), entry) end
end

-- what stands in one list of hosts and not in the other, each once
local function missing(from, other)
  local set, out = {}, {}
  for token in string.gmatch(other, '[^\n]+') do set[token] = true end
  for token in string.gmatch(from, '[^\n]+') do
    if not set[token] then out[#out + 1], set[token] = token, true end
  end
  return out
end

-- whether a list of hosts has one whose kind begins so
local function has_kind(hosts, kind) return string.find('\n' .. hosts, '\n' .. kind, 1, true) ~= nil end

-- The hosts of one session before and after: the ledger of the box learns the difference. A host that several sessions
-- hold counts once, a session that holds any counts once. Counts of an older epoch are none.
local function account(box, epoch, before, after)
  if before == after then return end
  local usage = PREFIX .. 'u:' .. box
  if tonumber(call('HGET', usage, 'epoch') or '-1') ~= epoch then
    call('DEL', usage)
    call('HSET', usage, 'epoch', epoch)
  end
  local function count(token, step)
    local id = string.sub(redis.sha1hex(token), 1, 16)
    local name = PREFIX .. 'h:' .. box .. ':' .. tonumber(string.sub(id, 1, 3), 16)
    local of, references = string.match(call('HGET', name, id) or '', '^(%d+) (%d+)$')
    references = tonumber(of) == epoch and tonumber(references) or 0
    local left = math.max(references + step, 0)
    if left > 0 then call('HSET', name, id, epoch .. ' ' .. left) else call('HDEL', name, id) end
    if (references > 0) ~= (left > 0) then call('HINCRBY', usage, string.match(token, '^[^|]+'), step) end
  end
  for _, token in ipairs(missing(before, after)) do count(token, -1) end
  for _, token in ipairs(missing(after, before)) do count(token, 1) end
  local function change(kind, was, is)
    if was ~= is then call('HINCRBY', usage, kind, is and 1 or -1) end
  end
  change('sessions', before ~= '', after ~= '')
  change('na_or_pd', has_kind(before, 'ia_'), has_kind(after, 'ia_'))
end

-- a session no longer vouches for a line
local function disown(line, sid)
  local L = line ~= '' and get('l', line)
  if not L then return end
  for i, v in ipairs(L[8]) do
    if v[1] == sid then
      table.remove(L[8], i)
      put('l', line, L)
      return
    end
  end
end

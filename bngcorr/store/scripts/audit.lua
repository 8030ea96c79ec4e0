-- One bounded part of an audit: the ledger recounted from the sessions beside it, while it is in use. The audit under way
-- is told by field 'audit' of `q`, "until position", which `account` reads: changes of sessions in buckets that the audit
-- has passed are entered in the recount, too. So from the last bucket on both books say the same at any time.
-- ARGV[1] {part, token of this audit, how many parts of it went before, now, lease_ms, …}
-- Returns {word, …}. Words: 'ok'; 'underway' (begin: another audit is, for so many ms yet); 'lost' (this one is no longer)
local s = unpack_(ARGV[1])
local part, token, turn, now, lease_ms = s[1], s[2], s[3], s[4], s[5]
local MOST = 4096
local name = PREFIX .. 'q'
local lasts, passed = string.match(call('HGET', name, 'audit') or '', '^(%d+) (%d+)$')
lasts, passed = tonumber(lasts or '0'), tonumber(passed or '0')

local function hold(position)
  local taken = string.format('%s %d', token, turn + 1)
  call('HSET', name, 'audit', string.format('%d %d', now + lease_ms, position), 'audit.token', taken)
end

-- Nothing is entered at position 0, so that whatever an audit left behind can be cleared away.
-- Returns whether another may have left something.
if part == 'begin' then
  -- a lease beyond any that is given comes from a clock that was wrong
  if lasts > now and lasts <= now + 2 * lease_ms then return {'underway', lasts - now} end
  local left = call('HGET', name, 'audit.token')
  hold(0)
  return {'ok', left and 1 or 0}
end

local owner, turns = string.match(call('HGET', name, 'audit.token') or '', '^(%x+) (%d+)$')
if owner ~= token then return {'lost'} end

-- {…, 1 if the recount was cleared away}
if part == 'end' then
  call('HDEL', name, 'audit')
  if s[6] == 1 then call('HDEL', name, 'audit.token') end
  return {'ok'}
end

-- A replica that took over may lack the last parts. And whoever writes by a clock that is a little ahead of ours must not
-- have taken the lease for over.
if tonumber(turns) ~= turn or lasts < now + lease_ms / 2 then return {'lost'} end

-- {…, box, first bucket, buckets}: remove this part of the recount; position 0 has to be held from the first part on
if part == 'clear' then
  local box, first, buckets = s[6], s[7], s[8]
  hold(0)
  local names = {PREFIX .. RECOUNT.usage .. box}
  for number = first, math.min(first + buckets, MOST) - 1 do
    names[#names + 1] = numbered(RECOUNT.references .. box, number)
  end
  call('UNLINK', unpack(names))
  return {'ok'}
end

-- {…, buckets, sessions}: enter the sessions of some buckets, and pass them in the same call. Returns the position.
if part == 'recount' then
  local last, left, changes = math.min(passed + s[6], MOST), s[7], {}
  while passed < last and left > 0 do
    local all = call('HGETALL', numbered('s', passed))
    for i = 2, #all, 2 do
      local S = unpack_(all[i])
      local box, epoch = S[5], S[4]
      if S[3] == UP and epoch == epoch_of(box) then
        changes[box] = changes[box] or {}
        enter(RECOUNT, box, epoch, '', 0, S[11], S[17] or 0, changes[box])
      end
    end
    left = left - #all / 2
    passed = passed + 1
  end
  for box, of_box in pairs(changes) do post(RECOUNT, box, epoch_of(box), of_box) end
  hold(passed)
  return {'ok', passed}
end

-- where a book says nothing of the box's present life, it says nothing at all
local box, repair = s[6], s[7] == 1
local epoch = epoch_of(box)

-- {…, box, repair, bucket, hosts}: compare references of some buckets. Returns where to go on, and how many differ.
if part == 'references' then
  local number, left, differ = s[8], s[9], 0
  local function read(book)
    local all = call('HGETALL', numbered(book.references .. box, number))
    local by_id = {}
    for i = 1, #all, 2 do by_id[all[i]] = all[i + 1] end
    left = left - 1 - #all / 2
    return by_id
  end
  local function same(one, other)
    if one == other then return true end
    local counts, others = references_of(one, epoch), references_of(other, epoch)
    for port, times in pairs(counts) do
      if others[port] ~= times then return false end
    end
    for port in pairs(others) do
      if not counts[port] then return false end
    end
    return true
  end
  while number < MOST and left > 0 do
    local ledger, recount = read(LEDGER), read(RECOUNT)
    for id in pairs(recount) do ledger[id] = ledger[id] or false end
    for id, told in pairs(ledger) do
      if not same(told or nil, recount[id]) then
        differ = differ + 1
        if repair then
          local where = numbered(LEDGER.references .. box, number)
          if recount[id] then
            call('HSET', where, id, recount[id])
            occupy(LEDGER.references .. box, number)
          else
            call('HDEL', where, id)
          end
        end
      end
    end
    number = number + 1
  end
  hold(passed)
  return {'ok', number, differ}
end

-- {…, box, repair, first port, ports, kinds}: compare usage of some ports; with the first of them that of the whole box.
-- Returns where to go on, and what differs: port or -1 for the whole box, kind, ledger, sessions, …
local first, kinds = s[8], s[10]
local ports = call('HLEN', PREFIX .. 'o:' .. box) + 1  -- 0 stands for those that are not known
local after = math.min(first + s[9], ports)
local fields, of = {}, {}
for port = first == 0 and -1 or first, after - 1 do
  for _, kind in ipairs(kinds) do
    fields[#fields + 1] = port < 0 and kind or port .. '|' .. kind
    of[#of + 1] = {port, kind}
  end
end
local function read(book)
  local where = PREFIX .. book.usage .. box
  if tonumber(call('HGET', where, 'epoch') or '-1') ~= epoch then return nil end
  return call('HMGET', where, unpack(fields))
end
local ledger, recount = read(LEDGER), read(RECOUNT)
local where, differ = PREFIX .. LEDGER.usage .. box, {}
for i, field in ipairs(fields) do
  local told, right = ledger and tonumber(ledger[i] or '0') or 0, recount and tonumber(recount[i] or '0') or 0
  if told ~= right then
    for _, value in ipairs({of[i][1], of[i][2], told, right}) do differ[#differ + 1] = value end
    if repair then
      if not ledger then
        open_usage(where, epoch)
        ledger = {}
      end
      if right ~= 0 then call('HSET', where, field, right) else call('HDEL', where, field) end
    end
  end
end
hold(passed)
return {'ok', after < ports and after or -1, differ}

-- Apply one step in the life of a session, and the difference it makes to the ledger.
-- KEYS[1] session, KEYS[2] epochs, KEYS[3] sessions of the BNG by deadline,
-- KEYS[4] hosts of the NAS (name without epoch), KEYS[5] usage of the NAS (name without epoch), KEYS[6..] correlation keys
-- ARGV: 1 now, 2 step, 3 at, 4 until, 5 nas, 6 line or '', 7 ids, 8 '1' if own, 9 fingerprint, 10 digest,
--       11 '1' if hosts are given, 12 shown, 13 session, 14 how long an ended session is kept, 15 most sessions a line,
--       16 Acct-Interim-Interval in ms that AAA told, or 0, 17 how many of them may be missed,
--       18.. hosts as "kind|service|address"
-- Returns 'applied', or why not: 'stale', 'duplicate', 'restarted' (older than the NAS's last restart), 'known', 'alive', 'forgotten'.
-- Names of hosts and usage per epoch, and of keys noted earlier, are derived here; all share the domain's hash tag.
local now, step, at, until_ms, nas = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local line, ids, own, fingerprint, digest = ARGV[6], ARGV[7], ARGV[8] == '1', ARGV[9], ARGV[10]
local given, sid, tombstone_ms, max_sessions = ARGV[11] == '1', ARGV[13], tonumber(ARGV[14]), tonumber(ARGV[15])
local told_ms, missed = tonumber(ARGV[16]), tonumber(ARGV[17])
local S = KEYS[1]

local function keep(key, ms)
  if ms > 0 and redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, ms) end
end

if step ~= 'expire' then redis.call('HSETNX', KEYS[2], nas, '0 0') end
local epoch, epoch_at = string.match(redis.call('HGET', KEYS[2], nas) or '0 0', '^(%d+) (%d+)$')
epoch_at = tonumber(epoch_at)

local r = redis.call('HMGET', S, 'at', 'st', 'ep', 'h', 'ln', 'id', 'dg', 'k', 'until', 'own', 'fp', 'iv')
local known, r_at, r_state, r_epoch, r_hosts = r[1] ~= false, tonumber(r[1] or '0'), r[2], r[3], r[4] or ''
local r_line, r_ids, r_digests, r_keys, r_until = r[5] or '', r[6] or '', r[7] or '', r[8] or '', tonumber(r[9] or '0')
local r_own, r_fingerprint, interval_ms = r[10] == '1', r[11] or '', tonumber(r[12] or '0')

if step == 'expire' then
  if known and r_until > now then return 'alive' end
  if not known or r_state == 'stopped' or r_state == 'expired' then
    redis.call('DEL', S)
    redis.call('ZREM', KEYS[3], sid)
    return 'forgotten'
  end
  at = r_at
elseif step == 'expected' then
  if known and r_state == 'up' then return 'known' end
  at, digest = r_at, ''  -- accounting speaks by the NAS's clock: what it says is newer than any Accept
else
  if at < epoch_at then return 'restarted' end
  if at < r_at then return 'stale' end
  if at == r_at then
    if string.find(r_digests, digest, 1, true) then return 'duplicate' end
    if r_state == 'up' and step == 'start' then return 'stale' end  -- overtaken by an Interim of the same second
  end
  if r_state == 'stopped' and r_epoch == epoch and (step == 'interim' or at == r_at) and step ~= 'stop' then
    return 'stale'  -- the BNG ended it: only a Start, or another life of the BNG, begins it again
  end
end

-- another CPE, another life of the BNG, or a Start after the Stop: the name came back, the session is a new one
local function differs(one, other)
  local a, b = string.match(one, '^(%x*)%.(%x*)$')
  local c, d = string.match(other, '^(%x*)%.(%x*)$')
  return a and c and ((a ~= '' and c ~= '' and a ~= c) or (b ~= '' and d ~= '' and b ~= d)) or false
end
local reborn = known and step ~= 'expire' and step ~= 'stop' and
  (r_epoch ~= epoch and (own or step == 'start') or differs(r_fingerprint, fingerprint) or
  ((r_state == 'stopped' or r_state == 'expired') and step ~= 'interim'))

if told_ms > 0 then interval_ms = told_ms end
if interval_ms > 0 and (step == 'start' or step == 'interim') then until_ms = at + missed * interval_ms end

-- hosts: a set before, a set after, and the ledger learns the difference
local function set_of(text)
  local set = {}
  for token in string.gmatch(text, '[^\n]+') do set[token] = true end
  return set
end
local before, after = {}, {}
if known and r_epoch == epoch and r_state == 'up' then before = set_of(r_hosts) end
local ended = step == 'stop' or step == 'expire'
local survived = step == 'interim' and not differs(r_fingerprint, fingerprint)  -- a restart of the NAS, maybe
local text = reborn and not survived and '' or r_hosts
if ended or step == 'expected' then
  text = ''
elseif given then
  local tokens = {}
  for i = 18, #ARGV do tokens[#tokens + 1] = ARGV[i] end
  text = table.concat(tokens, '\n')
end
after = set_of(text)
local hosts, usage = KEYS[4] .. ':' .. epoch, KEYS[5] .. ':' .. epoch
for token in pairs(before) do
  if not after[token] then
    if redis.call('HINCRBY', hosts, token, -1) <= 0 then
      redis.call('HDEL', hosts, token)
      redis.call('HINCRBY', usage, string.match(token, '^[^|]+'), -1)
    end
  end
end
for token in pairs(after) do
  if not before[token] then
    if redis.call('HINCRBY', hosts, token, 1) == 1 then
      redis.call('HINCRBY', usage, string.match(token, '^[^|]+'), 1)
    end
  end
end

-- identity: fixed at first sight; what the BNG itself says takes the place of "none", of an inherited line, and of what it
-- said before
if not known or reborn or (r_line == '' and r_state == 'expected') or (own and (not r_own or line ~= r_line)) then
  for key in string.gmatch(r_keys, '[^\n]+') do redis.call('HDEL', key, r_line .. '/' .. sid) end
  r_keys, r_line, r_ids, r_own = '', line, ids, own
end

-- correlation keys: the session vouches for its line while it lives
local field = line .. '/' .. sid
if ended then
  for key in string.gmatch(r_keys, '[^\n]+') do redis.call('HDEL', key, r_line .. '/' .. sid) end
  r_keys = ''
elseif line ~= '' and line == r_line then
  local noted = {}
  for i = 6, #KEYS do
    local key, sessions = KEYS[i], 0
    if redis.call('HEXISTS', key, line) == 1 then
      if redis.call('HEXISTS', key, field) == 0 then
        local fields = redis.call('HGETALL', key)
        for f = 1, #fields, 2 do
          if string.sub(fields[f], 1, #line + 1) == line .. '/' then
            if tonumber(string.match(fields[f + 1], '(%d+)$')) < now then
              redis.call('HDEL', key, fields[f])
            else
              sessions = sessions + 1
            end
          end
        end
      end
      if sessions < max_sessions then
        redis.call('HSET', key, field, string.format('%s %s %d', nas, epoch, until_ms))
        local v4at, v6at, till, rest = string.match(redis.call('HGET', key, line), '^(%d+) (%d+) (%d+) (.*)$')
        if tonumber(till) < until_ms then
          redis.call('HSET', key, line, string.format('%s %s %d ', v4at, v6at, until_ms) .. rest)
        end
        keep(key, until_ms - now)
        noted[key] = true
      end
    end
  end
  for key in string.gmatch(r_keys, '[^\n]+') do noted[key] = true end
  local names = {}
  for key in pairs(noted) do names[#names + 1] = key end
  r_keys = table.concat(names, '\n')
end

local state = step == 'stop' and 'stopped' or step == 'expire' and 'expired' or step == 'expected' and 'expected' or 'up'
local stored_until = ended and now + tombstone_ms or until_ms
if at == r_at and known then
  digest = digest == '' and r_digests or string.sub(r_digests .. ',' .. digest, -144)
end
redis.call('HSET', S, 'at', string.format('%d', at), 'st', state, 'ep', epoch, 'h', text, 'ln', r_line, 'id', r_ids,
  'dg', digest, 'k', r_keys, 'until', string.format('%d', stored_until), 'nas', nas, 'own', r_own and '1' or '0', 'iv', string.format('%d', interval_ms))
if fingerprint ~= '' and not ended then redis.call('HSET', S, 'fp', fingerprint) end
if ARGV[12] ~= '' then redis.call('HSET', S, 'j', ARGV[12]) end
if ended then
  redis.call('PEXPIRE', S, tombstone_ms)
else
  -- the sweeper ends it; gone by itself, it would leave its hosts counted
  redis.call('PEXPIRE', S, math.max(until_ms - now, 0) + 2592000000)
end
redis.call('ZADD', KEYS[3], stored_until, sid)
return 'applied'

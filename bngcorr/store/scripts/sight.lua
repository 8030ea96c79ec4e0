-- Note that a line was seen.
-- KEYS[1] line record, KEYS[2] lines of the domain, KEYS[3] MACs of the line, KEYS[4] MAC record or the line record again,
-- KEYS[5..] correlation keys, those with the MAC last
-- ARGV: 1 now, 2 line, 3 at, 4 '1' if v6, 5 until, 6 marks (1 attached, 2 v4 evident), 7 ids, 8 shown, 9 MAC or '', 10 how many of the
-- keys are with the MAC, 11 taint_ms, 12 most lines a key, 13 most MACs a line
-- Returns 'ok', or 'mac_flood' if the line has taught too many MACs: then keys with the MAC learn nothing.
-- A key is a hash: field <line> = "v4at v6at until marks ids", field <line>/<session> = "nas epoch until",
-- field '*' = instant until which more lines than fit were seen.
local now, line, at, until_ms = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[5])
local v6, marks, ids, mac = ARGV[4] == '1', tonumber(ARGV[6]), ARGV[7], ARGV[9]
local mac_keys, taint_ms, max_lines, max_macs = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13])

local function keep(key, ms)  -- the server's TTL only collects garbage; it never shortens
  if ms > 0 and redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, ms) end
end

local word, upto = 'ok', #KEYS
if mac ~= '' then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - 86400000)
  if not redis.call('ZSCORE', KEYS[3], mac) and redis.call('ZCARD', KEYS[3]) >= max_macs then
    word, upto = 'mac_flood', #KEYS - mac_keys
    -- a MAC that others are known by is tainted all the same; nothing new is made for one that nobody is
    if redis.call('EXISTS', KEYS[4]) == 1 then
      redis.call('ZADD', KEYS[4], 'GT', at, line)
      redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -(max_lines + 1))
      keep(KEYS[4], taint_ms)
    end
  else
    redis.call('ZADD', KEYS[3], 'GT', at, mac)
    keep(KEYS[3], 86400000)
    redis.call('ZADD', KEYS[4], 'GT', at, line)
    redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -(max_lines + 1))
    keep(KEYS[4], taint_ms)
  end
end

for i = 5, upto do
  local key = KEYS[i]
  local old = redis.call('HGET', key, line)
  local v4at, v6at, till, with = 0, 0, until_ms, marks
  if old then
    local a, b, c, d = string.match(old, '^(%d+) (%d+) (%d+) (%d)')
    v4at, v6at, till = tonumber(a), tonumber(b), math.max(tonumber(c), until_ms)
    with = bit.bor(with, tonumber(d))  -- marks stay: what was ever evident stays so
  else
    local lines, fields = 0, redis.call('HGETALL', key)
    for f = 1, #fields, 2 do
      if #fields[f] == #line then
        local c = tonumber(string.match(fields[f + 1], '^%d+ %d+ (%d+)'))
        if c < now then
          redis.call('HDEL', key, fields[f])
        else
          lines = lines + 1
        end
      end
    end
    if lines >= max_lines then
      redis.call('HSET', key, '*', string.format('%d', math.max(tonumber(redis.call('HGET', key, '*') or '0'), until_ms)))
      keep(key, until_ms - now)
      till = nil
    end
  end
  if till then
    if v6 then v6at = math.max(v6at, at) else v4at = math.max(v4at, at) end
    redis.call('HSET', key, line, string.format('%d %d %d %d ', v4at, v6at, till, with) .. ids)
    keep(key, till - now)
  end
end

redis.call('HSETNX', KEYS[1], 'first', ARGV[3])
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
if at >= last then redis.call('HSET', KEYS[1], 'last', ARGV[3], 'id', ids, 'j', ARGV[8], 'until', ARGV[5]) end
keep(KEYS[1], until_ms - now)
redis.call('ZADD', KEYS[2], 'GT', until_ms, line)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
return word

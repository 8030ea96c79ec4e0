-- Who holds an address: sessions of all domains, in buckets of their own all over the cluster. KEYS are those buckets.
-- ARGV[1] {{number of its bucket, term, entry, claimed (1) or released (0)}, …}: an entry is 12 octets of the session and the
-- domain
-- Returns packed {other entries on the 1st term, …on the 2nd, …}, false where that failed.
local MOST = 8  -- two accounting modes and some services; what is beyond goes, the oldest first
local call, pack, unpack_ = redis.call, cmsgpack.pack, cmsgpack.unpack

local function claim(c)
  local name, term, entry, claimed = KEYS[c[1]], c[2], c[3], c[4] == 1
  local packed = call('HGET', name, term)
  if not packed then
    if claimed then call('HSET', name, term, pack({entry})) end
    return {}
  end
  local others, kept = {}, {}
  for _, other in ipairs(unpack_(packed)) do
    if other ~= entry then others[#others + 1], kept[#kept + 1] = other, other end
  end
  if claimed then
    if #kept >= MOST then table.remove(kept, 1) end
    kept[#kept + 1] = entry
  end
  if #kept == 0 then call('HDEL', name, term) else call('HSET', name, term, pack(kept)) end
  return others
end

local out = {}
for i, c in ipairs(unpack_(ARGV[1])) do
  local fine, others = pcall(claim, c)
  if not fine and i == 1 and type(others) == 'table' then return others end  -- most likely the server takes nothing now
  out[i] = fine and others or false
end
return pack(out)

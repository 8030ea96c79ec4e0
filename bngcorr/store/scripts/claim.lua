-- Who holds an address: sessions of all domains, in buckets of their own all over the cluster.
-- ARGV[1] {{term, entry, claimed (1) or released (0)}, …}: an entry is 12 octets of the session and the domain
-- Returns packed {other entries on the 1st term, …on the 2nd, …}.
local MOST = 8  -- two accounting modes and some services; what is beyond goes, the oldest first
local out = {}
for i, c in ipairs(unpack_(ARGV[1])) do
  local term, entry, claimed = c[1], c[2], c[3] == 1
  local packed = call('HGET', KEYS[1], term)
  local kept = {}
  for _, other in ipairs(packed and unpack_(packed) or {}) do
    if other ~= entry then kept[#kept + 1] = other end
  end
  out[i] = {}
  for j, other in ipairs(kept) do out[i][j] = other end
  if claimed then
    if #kept >= MOST then table.remove(kept, 1) end
    kept[#kept + 1] = entry
  end
  if #kept == 0 then
    call('HDEL', KEYS[1], term)
  else
    call('HSET', KEYS[1], term, pack(kept))
  end
end
return pack(out)

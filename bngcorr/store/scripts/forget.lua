-- Forget what was learnt of a line: its record, where it is found, the keys and MACs that it was seen on, its timeline.
-- Sessions are what accounting says they are, and stay; whatever is seen next of the line is learnt anew.
-- On a key that other lines stand on as well it stays, and counts for nothing.
-- KEYS[1] epochs of its domain; ARGV[1] the line
-- Returns whether anything was known: 1 or 0.
local line = ARGV[1]
local known = 0

-- its fields in the record of a key (six) or a MAC (two)
local function take_out(kind, id, size)
  local record, kept = get(kind, id), {}
  for at = 1, record and #record or 0, size do
    if record[at] ~= line then
      for field = at, at + size - 1 do kept[#kept + 1] = record[field] end
    end
  end
  if not record or #kept == #record then return end
  if #kept > 0 then put(kind, id, kept) else call('HDEL', bucket(kind, id), id) end
end

local L = line_of(line)
if L then
  known = 1
  local macs = L[MACS] ~= '' and unpack_(L[MACS]) or {}
  for at = 1, #macs, 3 do take_out('m', macs[at], 2) end
  reindex(terms_of(L), '', 'l' .. line)
  call('ZREM', PREFIX .. 'w', line)
  for family = 1, 2 do
    local keys = L[TEXTS + 2 * family]
    for at = 1, #keys, 12 do take_out('k', sub(keys, at, at + 11), 6) end
  end
  call('HDEL', bucket('l', line), line)
end
if call('DEL', PREFIX .. 'y:' .. line) > 0 then known = 1 end
return known

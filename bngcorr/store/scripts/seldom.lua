-- Lessons that are seldom told, and all that the more frequent ones need where something is new.

-- Accounting-On or -Off: a new epoch of one box, in constant time. s: {box, at}
-- Returns 'applied' or 'stale'.
local function restart(s)
  local box, at = s[1], s[2]
  local epoch, before, names = epoch_of(box)
  if at <= before + (before > 0 and TOLERANCE_MS or 0) then return 'stale' end
  put_box(box, epoch + 1, at, names)
  spent[box] = nil
  call('UNLINK', PREFIX .. 'u:' .. box)  -- references to hosts carry their epoch: old ones count no more
  return 'applied'
end

-- A sighting that is to be noted in full: its row is that of just_so.lua.
local function sighted(rows, begins, marks)
  local at, until_ms, line, place, text, behind = struct_unpack('>I8I8xxxxc12xc12xI4c0', rows, begins + 1)
  local keys, told = unpack_(text)
  local mac = floor(marks / HAS_MAC) % 2 == 1 and sub(rows, behind, behind + MAC_SIZE - 1) or ''
  if marks < HAS_PLACE then place = '' end
  return sight(line, at, until_ms, told, keys, floor(marks / PAIR) % 4, mac, place, 1 + marks % 2)
end

gathers, occupy = true, occupy_later
return {sighted = sighted, expect = expect, change = change, restart = restart, flush = flush, server_is_away = server_is_away}

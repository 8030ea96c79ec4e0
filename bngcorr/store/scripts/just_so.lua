-- What most lessons are: nothing of them is new but their instants. Stands behind lines.lua.
local now  -- when lessons of the domain are told

-- A sighting, see sight.lua: if the line told just that within the hour, alone on all its keys, only the instants are new.
-- Returns 'ok' if it did.
local function sighted_just_so(line, at, until_ms, told, keys, _, _, place, family)
  local T, version = octets_of(line), planned or plan_of()
  if not T then return nil end
  if T[2] > 0 then put_in(T, line) end
  local octets, last, counts, latest, other = T[1], 0, 0, 0, 0
  if family == 1 then
    last, counts, latest, other = struct_unpack('>xI8xI8BxI8', octets, AT_LAST)
  else
    other, latest, last, counts = struct_unpack('>xI8xxxxxxxxxBxI8xI8', octets, AT_LAST)
  end
  local second = AT_NOTED + (byte(octets, AT_NOTED) == INSTANT and 9 or 1)
  local first, noted = second + (byte(octets, second) == INSTANT and 9 or 1), family == 1 and AT_NOTED or second
  if at < last or counts <= now + SLACK_MS or byte(octets, noted) ~= INSTANT or
    at >= struct_unpack('>I8', octets, noted + 1) + HOUR_MS then
    return nil
  end
  local where = version == '' and '\160' or text_of(#version) .. version
  if place ~= '' then
    where = '\172' .. place .. where
  elseif byte(octets, first) == 160 then
    where = '\160' .. where
  else
    first = first + 13  -- it does not say where it is
  end
  if find(octets, where, first, true) ~= first then return nil end
  first, told = first + #where, text_of(#keys) .. keys .. text_of(#told) .. told
  if family == 2 then  -- its texts stand behind those of the first family, or are the same
    local behind = behind_text(octets, behind_text(octets, first))
    if byte(octets, behind) ~= SAME then first = behind end
  end
  if find(octets, told, first, true) ~= first then return nil end
  if until_ms > counts then counts = until_ms end
  if at > last and at > other then latest = family end
  if family == 1 then
    T[2], T[3] = AT_LAST, struct_pack('>BI8BI8B', INSTANT, at, INSTANT, counts, latest)
  else
    T[2], T[3] = AT_LATEST, struct_pack('>BBI8BI8', latest, INSTANT, at, INSTANT, counts)
  end
  return 'ok'
end

-- An Accept, see session.lua: if the last one of the session told just that, only what its voucher says is new. Returns
-- 'applied' if it did.
local function expected_just_so(at, until_ms, box, line, sid, digest, _, own, tags, outcome)
  local T = line ~= '' and octets_of(line)
  if not T then return nil end
  local B = epochs[box] or box_of(box)
  if T[4] > 0 then put_in(T, line) end
  local octets = T[1]
  -- it is of the life before; some are to be dismissed
  if at < B[2] or struct_unpack('>I4', octets, AT_SOONEST) * 1000 < now then return nil end
  B[6] = B[6] or pack(box, B[1])
  local same = '\172' .. sid .. B[6] .. '\168' .. digest
  local first = find(octets, same, AT_NOTED, true)
  if not first then return nil end
  local before = first + #same
  local size = byte(octets, before) - 160
  local behind = before + 1 + size
  if size > 31 or byte(octets, behind) ~= INSTANT or byte(octets, behind + 9) ~= INSTANT then return nil end
  if tags ~= '' then
    local has = sub(octets, before + 1, behind - 1)
    if with_tags(has, tags) ~= has then return nil end
  end
  local ends, heard, marks = struct_unpack('>xI8xI8B', octets, behind)
  if at <= heard or until_ms < ends or own == 1 and marks % 4 < IS_OWN then return nil end
  T[4], T[5] = behind, struct_pack('>BI8BI8B', INSTANT, until_ms, INSTANT, at, marks % CAME_BY + outcome * CAME_BY)
  return 'applied'
end

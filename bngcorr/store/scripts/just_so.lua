-- What most lessons are: nothing of them is new but their instants. Such a lesson reads the record of its line, compares it as
-- octets, and writes it at once. Stands behind lines.lua.
local now  -- when lessons of the domain are told
local from = 1  -- where the next row begins
local V6, PAIR, HAS_MAC, HAS_PLACE = 1, 2, 8, 16  -- marks of a sighting; 4: it has the key of its attachment alone

-- A sighting is a row of octets: marks; when, and until when it counts (8 each); the bucket of its line, without what all names
-- begin with (4); line (12); its place (12) between the octets that stand beside it in the record of a line while no plan is in
-- force; size of a text (4), and the text: what that record has of it, its keys, one behind the other, and what it told; its MAC
-- (12). Without a place or MAC those are zeros. If it is so marked, its first key is that of attachment and MAC, and the next one
-- that of the attachment alone.
local MAC_SIZE = 12

-- If the line told just that within the hour, alone on all its keys, only the instants are new. Returns 'ok' if it was so; else it
-- is to be noted in full. Its marks were read.
local function sighted_just_so(rows, marks)
  local at, until_ms, name, line, where, text, behind = struct_unpack('>I8I8c4c12c14I4c0', rows, from + 1)
  from, name = behind + MAC_SIZE, PREFIX .. name
  local octets = lines[line] == nil and call('HGET', name, line)
  if not octets then return nil end

  -- of a number of nine octets the last eight count: what stands in front of an instant falls out
  local last, counts, latest, other, form, noted, form_v6, _
  local is_v6, first = marks % 2 == V6, AT_NOTED + 18  -- what stands behind the instants begins there
  if is_v6 then
    other, _, latest, last, counts, form, _, form_v6, noted = struct_unpack('>I9I9BI9I9BI8BI8', octets, AT_LAST)
    if form ~= INSTANT then
      form_v6, noted, first = struct_unpack('>BI8', octets, AT_NOTED + 1)
    end
    if form_v6 ~= INSTANT then return nil end
  else
    last, counts, latest, other, _, form, noted, form_v6 = struct_unpack('>I9I9BI9I9BI8B', octets, AT_LAST)
    if form ~= INSTANT then return nil end
    if form_v6 ~= INSTANT then first = first - 8 end
  end
  if at < last or counts <= now + SLACK_MS or at >= noted + HOUR_MS then return nil end

  local plan = planned or plan_of()
  if plan ~= '' or marks < HAS_PLACE then
    plan = text_of(#plan) .. plan
    if marks >= HAS_PLACE then where = sub(where, 1, -2) .. plan
    elseif byte(octets, first) == 160 then where = '\160' .. plan
    else where, first = plan, first + 13 end  -- it does not say where it is
  end
  if find(octets, where, first, true) ~= first then return nil end
  first = first + #where
  if is_v6 then  -- its texts stand behind those of the first family, or are the same
    local next_text = behind_text(octets, behind_text(octets, first))
    if byte(octets, next_text) ~= SAME then first = next_text end
  end
  if find(octets, text, first, true) ~= first then return nil end

  if until_ms > counts then counts = until_ms end
  if is_v6 then
    if at > last and at > other then latest = 2 end
    octets = struct_pack('>c26BBI8BI8', octets, latest, INSTANT, at, INSTANT, counts) .. sub(octets, AT_NOTED)
  else
    if at > last and at > other then latest = 1 end
    octets = struct_pack('>c8BI8BI8B', octets, INSTANT, at, INSTANT, counts, latest) .. sub(octets, AT_V6)
  end
  call('HSET', name, line, octets)
  return 'ok'
end

-- An Accept, see session.lua: if the last one of the session told just that, only what its voucher says is new. Returns
-- 'applied' if it did.
local function expected_just_so(at, until_ms, box, line, sid, digest, _, own, tags, outcome)
  if line == '' or lines[line] ~= nil then return nil end
  local name = bucket('l', line)
  local octets = call('HGET', name, line)
  if not octets then return nil end
  local B = epochs[box] or box_of(box)
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
  local ends, heard, marks, next_field = struct_unpack('>xI8xI8B', octets, behind)
  if at <= heard or until_ms < ends or own == 1 and marks % 4 < IS_OWN then return nil end
  call('HSET', name, line, sub(octets, 1, behind - 1) ..
    struct_pack('>BI8BI8B', INSTANT, until_ms, INSTANT, at, marks % CAME_BY + outcome * CAME_BY) .. sub(octets, next_field))
  return 'applied'
end

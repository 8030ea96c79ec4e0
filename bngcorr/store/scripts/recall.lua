-- Read the records that the questions of one vector are about, of as many domains as the server keeps: KEYS are their epochs.
-- ARGV[1] now, then of each domain line, keys, MAC and place of each question that names its line; then '.', or '' and keys,
-- MACs, sessions and places of the others: names of 12 octets, one behind the other. Those of a script cost less than what
-- it unpacks.
-- Returns for each domain {epochs (box, value, …), keys, lines (id, record, …), MACs, sessions, plan entries} and, if there
-- are questions that name their line, what is told of each of them; nothing but the latter if that is all. It is packed:
-- records as they are stored, '' for what is not there. '' stands in the place of what failed.
-- Of a line that stands alone on all its keys only the plan's entry is told; nil in its place: of that question all is told,
-- as of the others, behind theirs. No values at all: every line stands alone, and is not planned.
-- Records are packed already: the answer is put together from them, once, and next to nothing is unpacked.
local ARGV = ARGV
local NOTHING_THERE, NAME, NIL = '\160', '\172', '\192'  -- empty text; a text of 12 octets follows; nil
local NONE, ALL_ALONE = '\144', '\145\144'  -- no values; one, which is no values
local parts, count  -- of the answer about a domain, and how many there are
local arrays = {}  -- what stands in front of as many values, as far as it was made

local function array(size)
  local form = arrays[size]
  if not form then
    form = size < 16 and char(144 + size) or '\221' .. struct.pack('>I4', size)
    arrays[size] = form
  end
  return form
end

local function name_at(names, at) return #names == 12 and names or sub(names, at, at + 11) end

local function each(kind, names)
  count = count + 1
  parts[count] = array(#names / 12)
  for at = 1, #names, 12 do
    local name = name_at(names, at)
    count = count + 1
    parts[count] = call('HGET', bucket(kind, name), name) or NOTHING_THERE
  end
end

local function add(line, known)
  if type(line) ~= 'string' or line == '' or known[line] then return end
  known[line] = true
  local packed = call('HGET', bucket('l', line), line)
  if not packed then return end
  parts[count + 1], parts[count + 2], parts[count + 3] = NAME, line, packed
  count = count + 3
end

-- Where the record of a line has what is told here, see lines.lua: until when a family counts stands at AT_COUNTS times its
-- number. Where a clock goes before ours, a key may have run out.
local AT_COUNTS, AT_NOTED, INSTANT, SAME, SLACK_MS = 19, 46, 207, 1, 60000
local find, struct_unpack = string.find, struct.unpack
local counts_ms = ARGV[1] + SLACK_MS

-- Whether a line's own record tells that no other line stands on these keys, for either family: they come first among
-- those that it lists, and it still counts there. It lists none that is crowded, shared or disputed either.
local function stands_alone(line, keys)
  local octets = call('HGET', bucket('l', line), line)
  if not octets then return false end
  local at = AT_NOTED + (byte(octets, AT_NOTED) == INSTANT and 9 or 1)
  at = at + (byte(octets, at) == INSTANT and 9 or 1)
  at = at + byte(octets, at) - 159  -- behind its place
  at = at + byte(octets, at) - 159  -- behind the version of the plan
  local form, size = byte(octets, at, at + 1)
  for family = 1, 2 do
    local listed_at = at + 1
    if form == 217 then listed_at = at + 2 else size = form - 160 end
    if size >= #keys and find(octets, keys, listed_at, true) == listed_at and
      struct_unpack('>I8', octets, AT_COUNTS * family) > counts_ms then
      return true
    end
    if family == 2 then return false end
    local second = at
    for _ = 1, 2 do  -- behind its keys and what it told
      local of, high, low = byte(octets, second, second + 2)
      second = of < 192 and second + of - 159 or of == 217 and second + 2 + high or second + 3 + high * 256 + low
    end
    if byte(octets, second) ~= SAME then
      at = second
      form, size = byte(octets, at, at + 1)
    end
  end
end

-- `from` and `to`: where arguments begin that are of questions that name their line, the first and the last ones
local function recall(from, to, keys, macs, sessions, places)
  local told
  if from <= to then
    local version, number = call('HGET', EPOCHS, PLAN), 0
    for at = from, to, 4 do
      local mine, place, said = ARGV[at + 1], ARGV[at + 3], NIL
      if stands_alone(ARGV[at], mine) then
        local entry = version and place ~= '' and call('HGET', bucket('p:' .. version, place), place)
        said = entry and pack(entry) or NOTHING_THERE
      else
        keys, macs = (keys or '') .. mine, (macs or '') .. ARGV[at + 2]
        sessions, places = sessions or '', (places or '') .. place
      end
      number = number + 1
      if said ~= NOTHING_THERE then
        told = told or {}
        told[number] = said
      end
    end
    if not told and not keys then return ALL_ALONE end
    for one = 1, told and number or 0 do told[one] = told[one] or NOTHING_THERE end
    told = told and array(number) .. table.concat(told) or NONE
    if not keys then return array(1) .. told end
  end
  local epochs = call('HGETALL', EPOCHS)
  parts, count = {array(told and 7 or 6), pack(epochs)}, 2
  each('k', keys)
  local first, last, known = count - #keys / 12 + 1, count, {}
  count = last + 1  -- how many lines, and their records
  for at = first, last do
    local record = parts[at]
    local form, text = byte(record, 1, 2)
    if form == 150 and text == 172 then  -- of one line alone
      add(sub(record, 3, 14), known)
    elseif record ~= NOTHING_THERE then
      local lines_ = unpack_(record)
      for field = 1, #lines_, 6 do add(lines_[field], known) end
    end
  end
  parts[last + 1] = array((count - last - 1) / 3 * 2)
  each('m', macs)
  each('s', sessions)
  count = count + 1
  parts[count] = array(#places / 12)
  if places ~= '' then
    local version
    for at = 1, #epochs, 2 do
      if epochs[at] == PLAN then version = epochs[at + 1] end
    end
    for at = 1, #places, 12 do
      local place = name_at(places, at)
      local entry = version and call('HGET', bucket('p:' .. version, place), place)
      count = count + 1
      parts[count] = entry and pack(entry) or NOTHING_THERE
    end
  end
  parts[count + 1] = told or ''
  return table.concat(parts)
end

local answers, at = {}, 2
for number = 1, #KEYS do
  name_after(KEYS[number])
  local first = at
  while #ARGV[at] == 12 do at = at + 4 end
  local last, keys, macs, sessions, places = at - 4, nil, nil, nil, nil
  if ARGV[at] == '' then
    keys, macs, sessions, places = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
    at = at + 4
  end
  at = at + 1
  local fine, answer = pcall(recall, first, last, keys, macs, sessions, places)
  answers[number] = fine and answer or ''
end
return answers

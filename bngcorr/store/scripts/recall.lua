-- Read the records that the questions of one vector are about, of as many domains as the server keeps: KEYS are their epochs.
-- ARGV[1] {keys, MACs, sessions, places} of each domain, each as octets, 12 a name.
-- Returns for each domain {epochs (box, value, …), keys, lines (id, record, …), MACs,
-- sessions, plan entries}, packed: records as they are stored, '' for what is not there. '' stands in the place of what failed.
-- Records are packed already: the answer is put together from them, and next to nothing is unpacked.
local asked = unpack_(ARGV[1])
local NONE, NOTHING_THERE, NAME = '\144', '\160', '\172'  -- empty array, empty text; a text of 12 octets follows

-- an array of values that are packed
local function array(parts)
  local size = #parts
  if size == 0 then return NONE end
  return (size < 16 and string.char(144 + size) or '\221' .. struct.pack('>I4', size)) .. table.concat(parts)
end

local function each(kind, names)
  local found = {}
  for at = 1, #names, 12 do
    local name = sub(names, at, at + 11)
    found[#found + 1] = call('HGET', bucket(kind, name), name) or NOTHING_THERE
  end
  return found
end

local function recall(of)
  local keys, found, known = each('k', of[1]), {}, {}
  local function add(line)
    if type(line) ~= 'string' or line == '' or known[line] then return end
    known[line] = true
    local packed = call('HGET', bucket('l', line), line)
    if not packed then return end
    found[#found + 1] = NAME .. line
    found[#found + 1] = packed
  end
  for _, record in ipairs(keys) do
    local form, first = byte(record, 1, 2)
    if form == 150 and first == 172 then  -- of one line alone
      add(sub(record, 3, 14))
    elseif record ~= NOTHING_THERE then
      local lines_ = unpack_(record)
      for at = 1, #lines_, 6 do add(lines_[at]) end
    end
  end
  local macs, sessions, places = each('m', of[2]), each('s', of[3]), {}
  if of[4] ~= '' then
    local version = plan_of()
    for at = 1, #of[4], 12 do
      local place = sub(of[4], at, at + 11)
      local entry = version ~= '' and call('HGET', bucket('p:' .. version, place), place)
      places[#places + 1] = entry and pack(entry) or NOTHING_THERE
    end
  end
  return array({
    pack(call('HGETALL', EPOCHS)), array(keys), array(found), array(macs), array(sessions), array(places),
  })
end

local answers = {}
for number = 1, #KEYS do
  name_after(KEYS[number])
  local fine, answer = pcall(recall, asked[number])
  answers[number] = fine and answer or ''
end
return pack(answers)

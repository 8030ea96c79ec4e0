-- Read the records that the questions of one vector are about, of as many domains as the server keeps: KEYS are their epochs.
-- ARGV[1] {keys, MACs, sessions, places} of each domain, each as octets, 12 a name.
-- Returns for each domain {epochs (box, value, …), keys, lines (id, record, …), MACs,
-- sessions, plan entries}, packed: records as they are stored, '' for what is not there. '' stands in the place of what failed.
-- Records are packed already: the answer is put together from them, once, and next to nothing is unpacked.
local asked = unpack_(ARGV[1])
local NOTHING_THERE, NAME = '\160', '\172'  -- empty text; a text of 12 octets follows
local parts  -- of the answer about a domain

-- an array of so many values, which are packed, follows
local function array(size)
  return size < 16 and char(144 + size) or '\221' .. struct.pack('>I4', size)
end

local function each(kind, names)
  parts[#parts + 1] = array(#names / 12)
  for at = 1, #names, 12 do
    local name = sub(names, at, at + 11)
    parts[#parts + 1] = call('HGET', bucket(kind, name), name) or NOTHING_THERE
  end
end

local function add(line, known)
  if type(line) ~= 'string' or line == '' or known[line] then return end
  known[line] = true
  local packed = call('HGET', bucket('l', line), line)
  if not packed then return end
  parts[#parts + 1] = NAME .. line
  parts[#parts + 1] = packed
end

local function recall(of)
  local epochs = call('HGETALL', EPOCHS)
  parts = {array(6), pack(epochs)}
  each('k', of[1])
  local first, last, known = #parts - #of[1] / 12 + 1, #parts, {}
  parts[last + 1] = ''  -- how many lines, and their records
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
  parts[last + 1] = array(#parts - last - 1)
  each('m', of[2])
  each('s', of[3])
  local places = of[4]
  parts[#parts + 1] = array(#places / 12)
  local version
  for at = 1, #epochs, 2 do
    if epochs[at] == PLAN then version = epochs[at + 1] end
  end
  for at = 1, #places, 12 do
    local place = sub(places, at, at + 11)
    local entry = version and call('HGET', bucket('p:' .. version, place), place)
    parts[#parts + 1] = entry and pack(entry) or NOTHING_THERE
  end
  return table.concat(parts)
end

local answers = {}
for number = 1, #KEYS do
  name_after(KEYS[number])
  local fine, answer = pcall(recall, asked[number])
  answers[number] = fine and answer or ''
end
return answers

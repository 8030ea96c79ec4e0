-- Read the records that the questions of one vector are about, of as many domains as the server keeps: KEYS are their epochs.
-- ARGV[1] {keys, MACs, sessions, places} of each domain, each as octets, 12 a name.
-- Returns for each domain {epochs (box, value, …), keys, lines (id, record, …), MACs,
-- sessions, plan entries}, packed: records as they are stored, '' for what is not there. '' stands in the place of what failed.
-- Records are packed already: the answer is put together from them, once, and next to nothing is unpacked.
local asked = unpack_(ARGV[1])
local NOTHING_THERE, NAME = '\160', '\172'  -- empty text; a text of 12 octets follows
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

local function recall(of)
  local epochs = call('HGETALL', EPOCHS)
  parts, count = {array(6), pack(epochs)}, 2
  each('k', of[1])
  local first, last, known = count - #of[1] / 12 + 1, count, {}
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
  each('m', of[2])
  each('s', of[3])
  local places = of[4]
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
  return table.concat(parts)
end

local answers = {}
for number = 1, #KEYS do
  name_after(KEYS[number])
  local fine, answer = pcall(recall, asked[number])
  answers[number] = fine and answer or ''
end
return answers

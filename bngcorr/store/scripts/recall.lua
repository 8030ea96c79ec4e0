-- Read the records that the questions of one vector are about, of as many domains as the server keeps: KEYS are their epochs.
-- ARGV[1] {oldest instant at which a MAC sighting still taints, {keys, MACs, sessions, places} of the first domain, …}
-- Returns packed, for each domain, {epochs (box, value, …), keys (unpacked, or false), lines (id, record, …), MACs (number of
-- lines), sessions, plan entries}; '' stands for what is not there. The word of what failed stands in the place of a domain's answers.
local asked = unpack_(ARGV[1])
local taints_from = asked[1]

local function recall(of)
  local keys, found, macs, sessions, places, known = {}, {}, {}, {}, {}, {}
  for i, key in ipairs(of[1]) do
    local record = get('k', key)
    keys[i] = record or false
    if record then
      for at = 1, #record, 6 do
        local line = record[at]
        if type(line) == 'string' and line ~= '' and not known[line] then
          known[line] = true
          found[#found + 1] = line
          found[#found + 1] = call('HGET', bucket('l', line), line) or ''
        end
      end
    end
  end
  for i, mac in ipairs(of[2]) do
    local count, record = 0, get('m', mac) or {}
    for at = 2, #record, 2 do
      if record[at] >= taints_from then count = count + 1 end
    end
    macs[i] = count
  end
  for i, session in ipairs(of[3]) do sessions[i] = call('HGET', bucket('s', session), session) or '' end
  for i, place in ipairs(of[4]) do
    local version = planned or plan_of()
    places[i] = version ~= '' and call('HGET', bucket('p:' .. version, place), place) or ''
  end
  return {call('HGETALL', EPOCHS), keys, found, macs, sessions, places}
end

local answers = {}
for number = 1, #KEYS do
  within(KEYS[number])
  local fine, answer = pcall(recall, asked[number + 1])
  answers[number] = fine and answer or (type(answer) == 'table' and answer.err or tostring(answer))
end
return pack(answers)

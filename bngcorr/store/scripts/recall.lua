-- Read the records that the questions of one vector are about.
-- ARGV[1] {oldest instant at which a MAC sighting still taints, keys, MACs, sessions, places}
-- Returns {epochs (box, value, …), keys, lines (id, record, …), MACs (number of lines), sessions, plan entries}, packed; ''
-- stands for what is not there.
local asked = unpack_(ARGV[1])
local keys, lines, macs, sessions, places, known = {}, {}, {}, {}, {}, {}
for i, key in ipairs(asked[2]) do
  local packed = call('HGET', bucket('k', key), key) or ''
  keys[i] = packed
  if packed ~= '' then
    for _, c in ipairs(unpack_(packed)) do
      if c[1] ~= '' and not known[c[1]] then
        known[c[1]] = true
        lines[#lines + 1] = c[1]
        lines[#lines + 1] = call('HGET', bucket('l', c[1]), c[1]) or ''
      end
    end
  end
end
for i, mac in ipairs(asked[3]) do
  local count, record = 0, get('m', mac) or {}
  for at = 2, #record, 2 do
    if record[at] >= asked[1] then count = count + 1 end
  end
  macs[i] = count
end
for i, session in ipairs(asked[4]) do sessions[i] = call('HGET', bucket('s', session), session) or '' end
local version = #asked[5] > 0 and call('GET', PREFIX .. 'p')
for i, place in ipairs(asked[5]) do
  places[i] = version and call('HGET', bucket('p:' .. version, place), place) or ''
end
return pack({call('HGETALL', KEYS[1]), keys, lines, macs, sessions, places})

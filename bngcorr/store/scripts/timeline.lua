-- Requests that are over, told to the timelines of their lines. KEYS are the epochs of domains; ARGV[1] {entries that a line
-- keeps, {line, MAC, what it is about, its moment, …} of each domain}. A request without a line ('') is one of its MAC's line,
-- if the MAC was seen on one alone. Lines that are not known have no timeline: nobody fills the store with names of his own.
local A = ARGV[1]
local _, at = array_at(A, 0)
local most
at, most = some(A, 1, at)
for number = 1, #KEYS do
  name_after(KEYS[number])
  local values
  values, at = array_at(A, at)
  for _ = 1, values, 4 do
    local line, mac, about, moment
    at, line, mac, about, moment = some(A, 4, at)
    if line == '' then
      local seen = mac ~= '' and get('m', mac)
      line = seen and #seen == 2 and seen[1] or ''
    end
    if line ~= '' then remember(line, about, moment, most, false) end
  end
end

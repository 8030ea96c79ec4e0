-- Requests that are over, told to the timelines of their lines, if these may not know what they are about. KEYS are the epochs of
-- domains; ARGV[1] {entries that a line keeps, {line, MAC, what it is about, its moment, …} of the first domain, lines whose
-- timelines have become long, 12 octets each, …}. A request without a line ('') is one of its MAC's line,
-- if the MAC was seen on one alone. Returns lines that are not known; these have no timeline: nobody fills the store with names
-- of his own.
local A = ARGV[1]
local _, at = array_at(A, 0)
local most
local unknown = {}
at, most = some(A, 1, at)
for number = 1, #KEYS do
  name_after(KEYS[number])
  local values, long
  values, at = array_at(A, at)
  for _ = 1, values, 4 do
    local line, mac, about, moment
    at, line, mac, about, moment = some(A, 4, at)
    if line == '' then
      local seen = mac ~= '' and get('m', mac)
      line = seen and #seen == 2 and seen[1] or ''
    end
    if line ~= '' and not remember(line, about, moment, most, false) then unknown[#unknown + 1] = line end
  end
  at, long = some(A, 1, at)
  for first = 1, #long, 12 do shorten(PREFIX .. 'y:' .. sub(long, first, first + 11), most) end
end
return unknown

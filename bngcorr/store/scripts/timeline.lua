-- Requests that are over, told to the timelines of their lines. KEYS are the epochs of domains; ARGV[1] {entries that a line
-- keeps, {line, MAC, what it is about, its moment, …} of each domain}. A request without a line ('') is one of its MAC's line,
-- if the MAC was seen on one alone. Lines that are not known have no timeline: nobody fills the store with names of his own.
local A = unpack_(ARGV[1])
for number = 1, #KEYS do
  name_after(KEYS[number])
  local told = A[number + 1]
  for at = 1, #told, 4 do
    local line, mac = told[at], told[at + 1]
    if line == '' then
      local seen = mac ~= '' and get('m', mac)
      line = seen and #seen == 2 and seen[1] or ''
    end
    if line ~= '' then remember(line, told[at + 2], told[at + 3], A[1], false) end
  end
end

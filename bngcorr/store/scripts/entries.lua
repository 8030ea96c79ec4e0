-- What happened to a line, as a list: in front what its entries are about, the newest first, each of it once; behind that the
-- entries, the oldest first. Both begin with an octet that says which it is, and four octets of the SHA-1 of what it is about.
-- Entries whose about stands there are pushed by plain commands as well, see store/entries.py.
local ABOUT, ENTRY = 0, 1
local READ, ABOUTS, LATELY = 8, 8, 4  -- elements read at once; abouts that stay although no entry needs them
local TIMELINE_MS = 40 * 86400000  -- gone by itself if nothing comes for so long

local function abouts_of(name)
  local found, first = {}, 0
  repeat
    local some = call('LRANGE', name, first, first + READ - 1)
    for _, element in ipairs(some) do
      if byte(element) ~= ABOUT then return found end
      found[#found + 1] = element
    end
    first = first + READ
  until #some < READ
  return found
end

-- The last `most` entries stay, and all abouts.
local function shorten(name, most)
  local abouts = abouts_of(name)
  local over = call('LLEN', name) - #abouts - most
  if over <= 0 then return end
  call('LTRIM', name, #abouts + over, -1)
  for at = #abouts, 1, -1 do call('LPUSH', name, abouts[at]) end
end

-- The oldest about goes that none of the last `most` entries needs, but for those that were told of lately.
local function give_up_one(name, abouts, most)
  local needed = {}
  for _, entry in ipairs(call('LRANGE', name, -most, -1)) do
    if byte(entry) == ENTRY then needed[sub(entry, 2, 5)] = true end
  end
  for at = #abouts, LATELY + 1, -1 do
    if not needed[sub(abouts[at], 2, 5)] then
      call('LREM', name, 1, abouts[at])
      return
    end
  end
end

-- An entry of a line, if there is that line; `known`: there surely is. `again`: what it is about was most likely told not long
-- ago; `lasts`: within the day, so that the list lasts long enough. Returns whether there is that line.
local function remember(line, about, moment, most, known, again, lasts)
  local name = PREFIX .. 'y:' .. line
  local digest = struct.pack('>I4', tonumber(sub(redis.sha1hex(about), 1, 8), 16))
  local told = char(ABOUT) .. digest .. about
  local stands = again and call('LPOS', name, told, 'MAXLEN', LATELY)
  if not stands then
    local abouts, place = abouts_of(name), nil
    if #abouts == 0 and not known and call('HEXISTS', bucket('l', line), line) == 0 then return false end
    for at, one in ipairs(abouts) do
      if one == told then place = at end
    end
    if not place or place > LATELY then
      if place then
        call('LREM', name, 1, told)
      elseif #abouts >= ABOUTS then
        give_up_one(name, abouts, most)
      end
      call('LPUSH', name, told)
    end
  end
  local length = call('RPUSH', name, char(ENTRY) .. digest .. moment)
  if length > most + ABOUTS + LATELY then shorten(name, most) end
  if not stands or not lasts then call('PEXPIRE', name, TIMELINE_MS) end
  return true
end

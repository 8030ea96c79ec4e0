-- What happened to a line, entry by entry: of each what it is about, which is kept once, and its moment. The layout is told in
-- store/timeline.py; it is cut and joined as octets, for that takes a third of the time that unpacking and packing it would.
local RING_MS = 40 * 86400000  -- gone by itself if nothing comes for so long

local function size_at(ring, at)
  local high, low = byte(ring, at, at + 1)
  return high * 256 + low
end

-- What entries are about, without what none of these `count` moments is about, and with `about`; and the moments, each with
-- the place that its about has by then. Returns how many abouts there are as well.
local function sorted_out(ring, abouts, moments, count, about)
  local at, texts, places, kept, parts = 3, {}, {}, {}, {}
  for place = 1, abouts do
    local behind = at + 2 + size_at(ring, at)
    texts[place] = sub(ring, at, behind - 1)
    at = behind
  end
  at = 1
  for number = 1, count do
    local place, behind = byte(moments, at), at + 3 + size_at(moments, at + 1)
    if not places[place] then
      kept[#kept + 1] = texts[place]
      places[place] = char(#kept)
    end
    parts[2 * number - 1], parts[2 * number] = places[place], sub(moments, at + 1, behind - 1)
    at = behind
  end
  kept[#kept + 1] = char(floor(#about / 256), #about % 256) .. about
  return table.concat(kept), table.concat(parts), #kept
end

-- The last `most` entries are kept, of a line that there is; `known`: there surely is.
local function remember(line, about, moment, most, known)
  local name = bucket('y', line)
  local ring = call('HGET', name, line)
  if not ring then
    if not known and call('HEXISTS', bucket('l', line), line) == 0 then return end
    ring = '\0\0'
    occupy('y', number_of(line))
  end
  local abouts, count = byte(ring, 1, 2)
  local at, size, place = 3, #about, nil
  for number = 1, abouts do
    local high, low = byte(ring, at, at + 1)
    local behind = at + 2 + high * 256 + low
    if behind == at + 2 + size and sub(ring, at + 2, behind - 1) == about then place = number end
    at = behind
  end
  local moments = at
  while count >= most do
    at = at + 3 + size_at(ring, at + 1)
    count = count - 1
  end
  local texts, rest
  if place then
    texts, rest = sub(ring, 3, moments - 1), sub(ring, at)
  else
    texts, rest, abouts = sorted_out(ring, abouts, sub(ring, at), count, about)
    place = abouts
  end
  size = #moment
  call('HSET', name, line, char(abouts, count + 1) .. texts .. rest .. char(place, floor(size / 256), size % 256) .. moment)
  -- now and then: a moment begins with its instant, of which that is the last octet
  if count < 1 or byte(moment, 10) % 16 == 0 then call('PEXPIRE', name, RING_MS) end
end

-- What happened to a line, entry by entry: of each what it is about, which is kept once, and its moment. The layout is told in
-- store/timeline.py; it is cut and joined as octets. The server takes for each octet of a text that is made as long as for
-- four comparisons: so the latest moments stand in a tail of their own, and what they are about is compared by digests.
local RING_MS = 40 * 86400000  -- gone by itself if nothing comes for so long
local FULL, DIGESTED = 320, 16  -- octets of a tail that takes no more; of the digest of an about
local find = string.find

local function size_at(ring, at)
  local high, low = byte(ring, at, at + 1)
  return high * 256 + low
end
local function sized(text) return char(floor(#text / 256), #text % 256) .. text end

-- What entries are about and digests of that, without what none of the moments is about, and with `about`; and the moments, each
-- with the place that its about has by then. Returns how many abouts there are as well.
local function sorted_out(ring, moments, about, digests, digest)
  local at, texts, places, kept, some, parts = 3, {}, {}, {}, {}, {}
  for place = 1, byte(ring) do
    local behind = at + 2 + size_at(ring, at)
    texts[place] = sub(ring, at, behind - 1)
    at = behind
  end
  at = 1
  while at < #moments do
    local place, behind = byte(moments, at), at + 3 + size_at(moments, at + 1)
    if not places[place] then
      kept[#kept + 1] = texts[place]
      some[#kept] = sub(digests, DIGESTED * place - DIGESTED + 1, DIGESTED * place)
      places[place] = char(#kept)
    end
    parts[#parts + 1] = places[place]
    parts[#parts + 1] = sub(moments, at + 1, behind - 1)
    at = behind
  end
  kept[#kept + 1], some[#some + 1] = sized(about), digest
  return table.concat(kept), table.concat(parts), #kept, table.concat(some)
end

-- The last `most` entries are kept, of a line that there is; `known`: there surely is.
local function remember(line, about, moment, most, known)
  local name, tail = bucket('y', line), line .. TAIL
  local latest, digest = call('HGET', name, tail), sub(redis.sha1hex(about), 1, DIGESTED)
  local digests = latest and 2 + DIGESTED * byte(latest) or 2  -- where they end
  local at = latest and find(latest, digest, 3, true)
  local place = at and at < digests and (at - 3) / DIGESTED + 1 or nil
  -- now and then: a moment begins with its instant, of which that is the last octet
  local renewed = not latest or byte(moment, 10) % 16 == 0
  if place and #latest < FULL then
    call('HSET', name, tail, latest .. char(place) .. sized(moment))
  else
    local ring = latest and call('HGET', name, line)
    if not ring then
      if not known and call('HEXISTS', bucket('l', line), line) == 0 then return end
      ring, latest, place = '\0\0', '', nil
      occupy('y', number_of(line))
    end
    local behind = 3
    for _ = 1, byte(ring) do behind = behind + 2 + size_at(ring, behind) end
    local moments, count, first = sub(ring, behind) .. sub(latest, digests + 1), 0, 1
    at = 1
    while at < #moments do
      count = count + 1
      at = at + 3 + size_at(moments, at + 1)
    end
    while count >= most do
      first = first + 3 + size_at(moments, first + 1)
      count = count - 1
    end
    moments, digests = sub(moments, first), sub(latest, 3, digests)
    local abouts, texts = byte(ring), nil
    if place then
      texts = sub(ring, 3, behind - 1)
    else
      texts, moments, abouts, digests = sorted_out(ring, moments, about, digests, digest)
      place = abouts
    end
    call('HSET', name, line, char(abouts, count + 1) .. texts .. moments .. char(place) .. sized(moment),
      tail, char(abouts, most) .. digests)
  end
  if renewed then call('PEXPIRE', name, RING_MS) end
end

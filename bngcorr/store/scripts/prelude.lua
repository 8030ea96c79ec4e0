-- What all scripts share; stands in front of each of them. It is short, for a call takes as long as it has functions to make;
-- what is known of records stands in records.lua, for the scripts that change them.
-- A key of a script is the epochs of a domain: it names the slot, and all other names are derived from it. `name_after` says
-- which domain is read and written from there on; at first it is that of KEYS[1]. Keys of write.lua are told there.
-- Records are arrays in MessagePack; their layouts are told in store/packing.py.
local call, pack, unpack_ = redis.call, cmsgpack.pack, cmsgpack.unpack
local sub, byte, char, format, remove = string.sub, string.byte, string.char, string.format, table.remove
local floor, max, min = math.floor, math.max, math.min
local PREFIX, EPOCHS  -- of the domain: what names begin with, and the name of its epochs
local PLAN = 'plan'  -- field of the epochs: version of the plan in force; no box is called so

local function name_after(key)
  PREFIX, EPOCHS = sub(key, 1, -2), key
end
if KEYS[1] then name_after(KEYS[1]) end

-- A bucket is named by two characters of six bits each, from ';' on: to write a number takes as long as to read a record.
local function numbered(kind, number)
  local low = number % 64
  return PREFIX .. kind .. ':' .. char(59 + (number - low) / 64, 59 + low)
end
local function bucket(kind, id)
  local one, two = byte(id, 1, 2)
  local low = one % 4
  return PREFIX .. kind .. ':' .. char(59 + (one - low) / 4, 59 + 16 * low + (two - two % 16) / 16)
end

-- Which buckets of a kind may have something in them: the upkeep walks over these only. Told of what was not there before.
local function occupy(kind, number) call('SETBIT', PREFIX .. 'b:' .. kind, number, 1) end

-- An array of hundreds of values takes as long to make as all of them to read: such are read by `some`, a few at a time, from
-- an offset on. This tells of the array at an offset how many values it has, and where they begin.
local some = cmsgpack.unpack_limit
local function array_at(octets, at)
  local form, high, low = byte(octets, at + 1, at + 3)
  if form < 160 then return form - 144, at + 1 end
  if form == 220 then return 256 * high + low, at + 3 end
  return struct.unpack('>I4', octets, at + 2), at + 5
end

local function get(kind, id)
  local packed = call('HGET', bucket(kind, id), id)
  return packed and unpack_(packed) or nil
end

-- A domain, its boxes, and lines as octets: what a batch needs that tells next to nothing new. Stands behind the prelude.
local planned  -- version of the plan in force, '' for none; nil: not looked up
-- box → {epoch, instant, kinds that it names, whether it is known, ports → numbers or false, its name and epoch packed or
-- false}, as far as it was looked up
local epochs
local lines, changed  -- lines that were looked up, false where there is none; those that are to be written
local halves  -- lines of which not all was read, see records.lua
local auditing  -- {until when an audit is under way, how many buckets of sessions it has passed}; nil: not looked up
local used = true  -- whether anything of that may have been looked up or changed

-- the domain that is read and written from there on, by what its names begin with; at first it is that of KEYS[1]
local function within(prefix)
  PREFIX, planned, auditing = prefix, nil, nil
  if used then epochs, lines, changed, halves, used = {}, {}, {}, {}, false end
end
if KEYS[1] then within(PREFIX) end

-- A line's record: a flat array. Of each family (1: not proved to be IPv6, 2: IPv6) there are instants: when the line was last
-- sighted by it (3 * family - 1), until when that counts (3 * family), when all of that sighting was noted (6 + family; 0: has
-- to be again); and two texts, from TEXTS + 2 * family on: the keys that no other line stands on, and what the sighting told. On
-- those keys these instants count as if they stood in the keys' own records. From VOUCHERS on there are eight fields for each
-- session that vouches for it. While there is a digest of what the Accept of a session told that is only expected, deadline,
-- instant and outcome of the session's latest Accept are those of the voucher, and its own record may lag.
-- SOONEST is the second of the first deadline of all vouchers, or one before it. As it is stored, UNTIL is 0 unless it is
-- later than what families and vouchers say, and SAME stands in the place of each text of family 2 that are those of family 1.
local SOONEST, LATEST, PLACE, PLANNED, TEXTS, UNTIL, FIRST, V6_AT, V4_BEGUN, V6_LOST = 1, 4, 9, 10, 9, 15, 16, 17, 18, 19
local V4_ROSE, MACS, VOUCHERS, NEVER, NO_SECOND = 20, 21, 22, 9007199254740992, 4294967295
local BOX, EPOCH, DIGEST, TAGS, ENDS, HEARD, MARKS = 1, 2, 3, 4, 5, 6, 7  -- of a voucher, behind its session

-- Of most lines that are known a batch tells nothing but new instants. So what stands in front of AT_NOTED has a size of its
-- own, whatever it is, and is changed in place, as are the last three fields of a voucher; all else is compared and copied as
-- octets.
local AT_SOONEST, AT_LAST, AT_V6, AT_NOTED = 5, 9, 28, 46
local INSTANT, SECOND, SAME = 207, 206, 1  -- INSTANT, SECOND: in front of eight and of four octets
local FRONT = '>BI4BI8BI8BBI8BI8'
local struct_pack, struct_unpack, find = struct.pack, struct.unpack, string.find

-- what stands in front of a text of so many octets
local function text_of(size)
  if size < 32 then return char(160 + size) end
  if size < 256 then return char(217, size) end
  return char(218, floor(size / 256), size % 256)
end

-- where that text ends, and what stands behind it begins
local function behind_text(octets, at)
  local form, high, low = byte(octets, at, at + 2)
  if form < 192 then return at + form - 159 end
  return form == 217 and at + 2 + high or at + 3 + high * 256 + low
end

local function plan_of()
  planned = call('HGET', PREFIX .. 'e', PLAN) or ''
  return planned
end

local function box_of(box)
  local B = epochs[box]
  if not B then
    local told = call('HGET', PREFIX .. 'e', box)
    local epoch, at, names = string.match(told or '0 0', '^(%d+) (%d+) ?(%d*)$')
    B = {tonumber(epoch), tonumber(at), tonumber(names) or 0, told and true or false, false, false}
    epochs[box], used = B, true
  end
  return B
end

-- the first octets of a key tell which keys a session vouches on
local function has_tag(tags, key)
  local tag = sub(key, 1, 4)
  for at = 1, #tags, 4 do
    if sub(tags, at, at + 3) == tag then return true end
  end
  return false
end

-- tags, and some more of them
local function with_tags(has, tags)
  if has == tags then return has end
  for at = 1, #tags, 4 do
    local tag = sub(tags, at, at + 3)
    if not has_tag(has, tag) then has = has .. tag end
  end
  return has
end

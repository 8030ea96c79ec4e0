-- Accounting-On or -Off: a new epoch of one box, in constant time.
-- ARGV: 1 box, 2 at, 3 tolerance in ms: a second On this near is the same restart told again
-- Returns 'applied' or 'stale'.
local box, at = ARGV[1], tonumber(ARGV[2])
local epoch, before, names = epoch_of(box)
if at <= before + (before > 0 and tonumber(ARGV[3]) or 0) then return 'stale' end
put_box(box, epoch + 1, at, names)
call('UNLINK', PREFIX .. 'u:' .. box)  -- references to hosts carry their epoch: old ones count no more
return 'applied'

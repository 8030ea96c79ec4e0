-- What lessons of one batch are told with: ARGV[1] {how long a MAC on two lines taints, most lines a key, most MACs a
-- line, how long ended sessions are kept, most sessions a line, intervals that may be missed, within how long IPv6 has to come
-- back, closed sessions that are kept, tolerance in ms: a second restart this near is the first one told again, most findings,
-- entries of a line's timeline}
local TAINT_MS, MOST_LINES, MOST_MACS, TOMBSTONE_MS, MOST_SESSIONS, MISSED, V6_LOST_MS, BACKLOG, TOLERANCE_MS,
  _, MOST_ENTRIES = unpack(unpack_(ARGV[1]))

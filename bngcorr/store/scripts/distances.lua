-- Add to the histogram of distances of one BNG.
-- KEYS[2] the histogram; ARGV: bucket, count, bucket, count, …
for i = 1, #ARGV, 2 do call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) end
return 'ok'

"""Who held which address, and when: closed sessions on disk, one JSON object a host, one file a day.

`held` says what is known of one host, `format` how that stands in a line, `question` and `subject` which lines are
meant, `day_file` what the files are called. Around them `files` writes, packs and drops files (under `folder_lock`),
`search` reads them, `deletion` takes one subject out of them, `exporter` brings what the store has closed, and
`inquiry` asks the store and the files who it was.
"""

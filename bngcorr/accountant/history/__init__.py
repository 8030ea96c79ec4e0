"""Who held which address, and when: closed sessions on disk, one JSON object a host, one file a day.

`held` says what is known of one host, `format` how that stands in a line, `question` and `subject` which lines are
meant, `day_file` what the files are called. Around them `files` writes, rotates and drops files, `search` reads them,
`deletion` takes one subject out of them, and `exporter` brings what the store has closed.
"""

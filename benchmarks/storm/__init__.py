"""A BNG restarts and all of its lines come back at once: measured against the real service.

`truth` knows the lines, what their BNG says of them, and how the ledger has to look; `bng` says it and retransmits as a
BNG does; `aaa` accepts everything and checks what arrives; `watch` looks at the processes from outside; `stage` starts
them; `run` is the story; `figures` says what was measured and whether it is good. `__main__` is the command.
"""

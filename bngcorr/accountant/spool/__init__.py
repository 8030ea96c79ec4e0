"""Accounting that is never lost: what was acknowledged is on disk until AAA and the store have it.

`row` is what is kept of a record, `order` says which may go to AAA next, `pace` how many and how fast, `delay` how old
a record is by the time it goes; all of them pure. `file` is what is on disk, `journal` the thread that touches
it. The shells that put them between BNG, AAA and store are in `proxy`: spooling, delivery and relearning.
"""

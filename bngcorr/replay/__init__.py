"""RADIUS and DHCP of captures through the product's own rules, in virtual time over a store in memory.

- ``feed``        packets of all captures in the order of their time
- ``bngs``        whose packet it is: BNGs of a configuration, or each source a BNG of its own
- ``knowledge``   what was seen, bounded: the memory store's rules
- ``judge``       questions, holds, and what other windows would have found
- ``exchanges``   requests, their copies, retransmissions and legs, and their answers
- ``radius``      a RADIUS packet's story; ``dhcp`` a DHCP message's
- ``row``         one request, for people and programs; ``tally`` what all of them come to
- ``run``         all of it together
- ``report``      the result as plain values; ``svg`` the distances as a picture
"""

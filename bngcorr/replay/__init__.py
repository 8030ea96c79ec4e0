"""RADIUS and DHCP of captures through the product's own rules, in virtual time over a store in memory.

- ``feed``        packets of all captures in the order of their time, each ``heard`` at some place; ``clock``
- ``bngs``        whose packet it is: BNGs of a configuration, or each source a BNG of its own
- ``knowledge``   what was seen, bounded: the memory store's rules
- ``judge``       questions, holds, and what other ``windows`` would have found
- ``radius``      a RADIUS packet's story; ``exchanges`` its copies, retransmissions, legs and answers
- ``dhcp``        a DHCP message's story; ``messages`` its copies, retransmissions and sights behind relays
- ``row``         one request, for people and programs; ``tally`` what all of them come to
- ``why``         reasons of what is unmatched or taught nothing; ``advice`` the next step for each of them
- ``run``         all of it together
- ``report``      the result as plain values; ``screen`` as tables, ``svg`` the distances as a picture
"""

"""A population of access lines in virtual time: the product's own rules and store against the truth.

- ``population``  lines, CPEs and BNGs, mixed by a documented table
- ``timeline``    what happens to them over some days
- ``gateway``     what each BNG then asks AAA and tells accounting, and ``bng`` how that reads in octets
- ``product``     the product's rules over the real store, and ``aaa`` what AAA makes of the result
- ``oracle``      which requests could be attributed, by the truth alone; ``kludge`` what BNGs do by themselves
- ``domain``      one BNG's story, event by event; ``run`` lets all of them go on side by side
- ``report``      what it comes to
"""

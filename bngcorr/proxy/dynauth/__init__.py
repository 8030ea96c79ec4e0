"""Dynamic authorisation (RFC 5176, RFC 8559): CoA and Disconnect from AAA to the BNGs, and of our own.

`service` is the story of a request: `clients` says who may ask, `asked` what was asked already, `route` which BNG is
meant, `selectors` which sessions, `packets` what each side gets; `sender` sends and awaits. `acts` are what operators
and `remedy` ask for. Pure: numbers, clients, asked, route, selectors, guess, packets, remedy.
"""

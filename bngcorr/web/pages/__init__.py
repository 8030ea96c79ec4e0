"""What operations staff look at: pages made on the server, complete without a script, from the models of the API.

`site` puts a page together, `routes` is the table of all pages; one module a page asks `web.resources` and lays out the
answer. `charts`, `figures` and `words` are pure: geometry, sums and wording.
"""

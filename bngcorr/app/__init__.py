"""The composition root: the only place that names concrete parts. One module a process, imported by nobody else's."""

"""A real FreeRADIUS behind the real service."""

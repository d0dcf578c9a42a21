"""The page: a door like the command line, with people, roles and works in the background; no business logic.

A stranger's trap: Django is configured once per process. `serving` and `worker` do it first, with this room's settings;
the command line never loads them.
"""

"""The command line: a door without business logic. Words, exit codes and `--json` are a contract with programs."""

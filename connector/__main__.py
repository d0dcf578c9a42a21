"""`python -m connector` is the command line."""

from connector.cli.main import main

if __name__ == "__main__":
    main()

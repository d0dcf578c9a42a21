"""The steps from an empty file to the tables of `connector.ledger.models`; written by Django's makemigrations."""

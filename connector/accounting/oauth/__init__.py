"""How an accounting system lets the connector in: by client credentials alone, or by the consent of a person."""

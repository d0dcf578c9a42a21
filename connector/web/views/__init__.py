"""What answers each page. A view asks the flows of `runs`, and shows what they say."""

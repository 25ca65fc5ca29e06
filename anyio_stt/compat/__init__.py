"""Names for code that was written against other frameworks."""

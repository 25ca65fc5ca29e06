"""What the base needs and streams have no part in: listeners, errors, closing, the wall clock."""

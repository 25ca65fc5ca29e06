"""What detectors of speech share."""

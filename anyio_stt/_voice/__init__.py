"""What detectors of speech share: segments of what they judge, and what their computing costs."""

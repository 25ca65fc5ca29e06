"""What carries the decisions of `_rules` out: the only place that owns task groups."""

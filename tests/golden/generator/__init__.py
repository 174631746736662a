"""What ../make_results.py consists of: a module for each kind of reference result."""

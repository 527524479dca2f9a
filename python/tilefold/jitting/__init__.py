"""What jitted functions share: complete cache keys, captured values, and the bounded cache of compiled programs."""

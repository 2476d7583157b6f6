"""The ``df.sn`` accessor, and what it does beyond reading and saving."""

"""The ``df.sn`` accessor, and its methods beyond reading and saving."""

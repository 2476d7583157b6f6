"""DataFrames: columns, reading, tracking, writing and the ``df.sn`` accessor."""

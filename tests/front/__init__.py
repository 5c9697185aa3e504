"""The page's look and script, as far as they can be judged without a browser."""

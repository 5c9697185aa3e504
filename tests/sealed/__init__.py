"""With the whole data directory in hand: nothing of anybody's mail, and after Delete no ciphertext either."""

"""Mail programs of the world send to our listener."""

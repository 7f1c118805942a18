"""`/authz/forward`: the question of a proxy before anybody has logged in."""

"""What another version of a policy set answers otherwise, part by part; `sets` puts the parts together. Pure."""

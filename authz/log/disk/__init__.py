"""The files of one log folder: segments of whole lines, and the lists of networks beside them."""

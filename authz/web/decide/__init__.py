"""The decision routes: from a question's bytes to an answer's."""

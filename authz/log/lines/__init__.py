"""What a line is: the record of an answer, whom it is about without saying so, and what it hangs on."""

"""The signed annex on paper: reading a filled-in Word document, proposing it to the registry, writing the form to sign."""

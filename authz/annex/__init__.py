"""The signed annex on paper: reading a Word document, proposing it to the registry, writing the form to sign."""

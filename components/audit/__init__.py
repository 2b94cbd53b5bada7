"""Who changed what: the log, one entry whole, the way back."""

"""Numbers counted from the gateway's own traffic."""

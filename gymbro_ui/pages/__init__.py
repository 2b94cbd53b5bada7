"""One module per page; each has one public function, render(console)."""

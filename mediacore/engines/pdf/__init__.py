"""PDF files: opened as nothing else, drawn, and cleaned."""

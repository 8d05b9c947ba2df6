"""Pictures: opened safely, made to fit, written; heavy imports live only here."""

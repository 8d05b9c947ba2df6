"""Sound and film: probed, shown, made to fit, and stripped, through PyAV."""

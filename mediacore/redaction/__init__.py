"""What must be hidden: words and where they stand, detectors, regions, and the proof that they are gone."""

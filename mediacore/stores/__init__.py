"""Where bytes and facts are kept: blobs in a content-addressed folder, everything else in the ledger."""

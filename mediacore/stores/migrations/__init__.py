"""What alembic runs: one file for each change of the tables."""

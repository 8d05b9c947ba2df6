"""Taking out of office files what they say beside their content: who, where, when, and what it was before."""

"""The commands, one module for each family; heavy imports happen inside them."""

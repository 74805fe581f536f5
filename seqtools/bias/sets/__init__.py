"""The word sets that ship: tests and axes in the format that users write, lists as published."""

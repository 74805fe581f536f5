"""Social bias of word vectors: its direction, its measures, its removal and what that costs."""

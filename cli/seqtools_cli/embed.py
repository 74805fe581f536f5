"""The `seqtools embed` group."""

from seqtools_cli.lazy import LazyGroup

COMMANDS = {
    "train": ("seqtools_cli.embed_train:train", "Train word vectors on text."),
    "count": ("seqtools_cli.embed_count:count", "Count the words of text."),
    "cooccur": ("seqtools_cli.embed_count:cooccur", "Count which words stand near which."),
    "merge": ("seqtools_cli.embed_count:merge", "Add up the counts of several machines."),
    "eval": ("seqtools_cli.embed_eval:evaluate", "Score vectors on similarity and analogy sets."),
    "neighbors": ("seqtools_cli.embed_query:neighbors", "List the nearest words of each word."),
    "analogy": ("seqtools_cli.embed_query:analogy", "Answer: A is to B as C is to ?"),
    "similarity": ("seqtools_cli.embed_query:similarity", "Compare two words."),
    "odd-one-out": ("seqtools_cli.embed_query:odd_one_out", "Find the word that does not belong."),
    "info": ("seqtools_cli.embed_convert:info", "Describe a file of vectors."),
    "convert": ("seqtools_cli.embed_convert:convert", "Convert, cut or select vectors."),
    "plot": ("seqtools_cli.embed_plot:plot", "Draw a map of words as a picture or a page."),
}

embed = LazyGroup("embed", COMMANDS, "Train, evaluate, query, convert and draw word vectors.")

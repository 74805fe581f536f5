"""The command line of seqtools: options in, one library call, table out."""
